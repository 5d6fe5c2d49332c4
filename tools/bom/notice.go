package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// rule is the line below which NOTICE is made by this program.
const rule = "\n================================================================================\n"

// noticeFile is NOTICE with the part below the rule made anew. A text that several modules have in common is there once.
func noticeFile(old []byte, all []module) ([]byte, error) {
	head, _, found := bytes.Cut(old, []byte(rule))
	if !found {
		return nil, errors.New("NOTICE has no line of =")
	}
	var b strings.Builder
	b.Write(head)
	b.WriteString(rule)
	b.WriteString("\nThe program for Linux is linked with these modules (`go -C tools run ./bom` makes this list).\n")
	names := map[string][]string{}
	var texts []string
	for _, m := range all[1:] {
		text := strings.Join(m.texts, "\n\n")
		if names[text] == nil {
			texts = append(texts, text)
		}
		names[text] = append(names[text], m.title())
	}
	for _, text := range texts {
		fmt.Fprintf(&b, "\n%s\n\n", strings.Join(names[text], "\n"))
		for line := range strings.Lines(strings.Trim(text, "\n")) {
			if line = strings.TrimRight(line, " \t\f\n"); line != "" {
				line = "    " + line
			}
			b.WriteString(line + "\n")
		}
	}
	return []byte(b.String()), nil
}

// title is the line that names a module.
func (m module) title() string {
	if m.path == goLibrary {
		return "The Go standard library and runtime (" + m.licence + ")"
	}
	return m.path + " " + m.version + " (" + m.licence + ")"
}
