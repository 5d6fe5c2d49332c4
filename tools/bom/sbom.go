package main

import (
	"encoding/json"
	"errors"
	"regexp"
)

// bom is the part of CycloneDX 1.6 that is used. It has neither a time nor a serial number, so that the same modules give
// the same bytes.
type bom struct {
	Schema       string       `json:"$schema"`
	Format       string       `json:"bomFormat"`
	SpecVersion  string       `json:"specVersion"`
	Version      int          `json:"version"`
	Metadata     metadata     `json:"metadata"`
	Components   []component  `json:"components"`
	Dependencies []dependency `json:"dependencies"`
}

type metadata struct {
	Component component `json:"component"`
}

type component struct {
	Type        string     `json:"type"`
	Ref         string     `json:"bom-ref"`
	Name        string     `json:"name"`
	Version     string     `json:"version,omitempty"`
	Description string     `json:"description,omitempty"`
	Licenses    []licensed `json:"licenses"`
	PURL        string     `json:"purl,omitempty"`
}

type licensed struct {
	License struct {
		ID string `json:"id"`
	} `json:"license"`
}

type dependency struct {
	Ref       string   `json:"ref"`
	DependsOn []string `json:"dependsOn"`
}

// sbomFile is the bill of materials of the modules, of which the first is the program. Its version is that of the image.
func sbomFile(metadataFile []byte, all []module) ([]byte, error) {
	version := regexp.MustCompile(`(?m)^  dockerImageTag: (\S+)$`).FindSubmatch(metadataFile)
	if version == nil {
		return nil, errors.New("metadata.yaml has no dockerImageTag")
	}
	b := bom{Schema: "http://cyclonedx.org/schema/bom-1.6.schema.json", Format: "CycloneDX", SpecVersion: "1.6", Version: 1}
	refs := map[string]string{}
	for i, m := range all {
		c := newComponent(m)
		refs[m.path] = c.Ref
		if i == 0 {
			c.Type, c.Version = "application", string(version[1])
			b.Metadata.Component = c
			continue
		}
		b.Components = append(b.Components, c)
	}
	b.Components = append(b.Components, vocabularies())
	for i, m := range all {
		d := dependency{Ref: refs[m.path], DependsOn: []string{}}
		for _, path := range m.needs {
			d.DependsOn = append(d.DependsOn, refs[path])
		}
		if i == 0 {
			d.DependsOn = append(d.DependsOn, vocabularies().Ref)
		}
		b.Dependencies = append(b.Dependencies, d)
	}
	text, err := json.MarshalIndent(b, "", "  ")
	return append(text, '\n'), err
}

func newComponent(m module) component {
	c := component{Type: "library", Name: m.path, Version: m.version, Ref: m.path, Licenses: under(m.licence)}
	switch {
	case m.path == goLibrary:
		c.Description = "The standard library and runtime of the Go toolchain that built the program; go version -m tells which"
		c.PURL = "pkg:golang/std"
	case m.version != "":
		c.PURL = "pkg:golang/" + m.path + "@" + m.version
	}
	return c
}

// vocabularies are the data of others in the program: see the first part of NOTICE.
func vocabularies() component {
	return component{Type: "data", Name: "tiktoken", Ref: "tiktoken", Licenses: under("MIT"),
		Description: "The vocabularies r50k_base, cl100k_base and o200k_base, in chunk/ranks"}
}

func under(licence string) []licensed {
	all := make([]licensed, 1)
	all[0].License.ID = licence
	return all
}
