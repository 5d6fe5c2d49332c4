package main

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// place is where something is in a file.
type place struct{ line, column int }

func (p place) compare(other place) int {
	return cmp.Or(cmp.Compare(p.line, other.line), cmp.Compare(p.column, other.column))
}

// mutant is a file with one break.
type mutant struct {
	file   string
	at     place
	within place // the beginning of its function
	what   string
	source []byte
}

func (m mutant) compare(other mutant) int {
	return cmp.Or(strings.Compare(m.file, other.file), m.at.compare(other.at), strings.Compare(m.what, other.what))
}

// packageMutants are all breaks of the shipped files of a folder whose names match.
func packageMutants(folder string, names *regexp.Regexp) ([]mutant, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return nil, err
	}
	var all []mutant
	for _, file := range files {
		if base := filepath.Base(file); strings.HasSuffix(base, "_test.go") || !names.MatchString(base) {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		some, err := fileMutants(file, source)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// breaker collects the mutants of a file.
type breaker struct {
	file   *token.File
	source []byte
	within token.Pos // the function's body
	all    []mutant
}

// fileMutants are all breaks of a file, in its order.
func fileMutants(name string, source []byte) ([]mutant, error) {
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	b := &breaker{file: set.File(parsed.Pos()), source: source}
	for _, d := range parsed.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
			b.function(f.Type, f.Body)
		}
	}
	slices.SortFunc(b.all, mutant.compare)
	return b.all, nil
}

// replace adds a mutant that has text in the place of what is between the two positions.
func (b *breaker) replace(from, to token.Pos, text, what string) {
	start, end := b.file.Offset(from), b.file.Offset(to)
	b.all = append(b.all, mutant{
		file: b.file.Name(), at: b.place(from), within: b.place(b.within), what: what,
		source: slices.Concat(b.source[:start], []byte(text), b.source[end:]),
	})
}

func (b *breaker) place(p token.Pos) place {
	at := b.file.Position(p)
	return place{at.Line, at.Column}
}

// text is the source of a node, on one line.
func (b *breaker) text(n ast.Node) string {
	all := string(b.source[b.file.Offset(n.Pos()):b.file.Offset(n.End())])
	return strings.Join(strings.Fields(all), " ")
}

// drop adds a mutant without the node.
func (b *breaker) drop(n ast.Node) {
	what := b.text(n)
	b.replace(n.Pos(), n.End(), "", "drop "+what[:min(len(what), 80)])
}

// function breaks what is in a function: a function in it is a function of its own.
func (b *breaker) function(signature *ast.FuncType, body *ast.BlockStmt) {
	outer := b.within
	b.within = body.Pos()
	defer func() { b.within = outer }()
	ast.Inspect(body, func(n ast.Node) bool {
		if inner, ok := n.(*ast.FuncLit); ok {
			b.function(inner.Type, inner.Body)
			return false
		}
		if r, ok := n.(*ast.ReturnStmt); ok {
			b.result(signature, r)
		}
		b.node(n)
		return true
	})
}

// result has a function return no error.
func (b *breaker) result(signature *ast.FuncType, r *ast.ReturnStmt) {
	if signature.Results == nil || len(r.Results) != signature.Results.NumFields() {
		return
	}
	fields := signature.Results.List
	last := r.Results[len(r.Results)-1]
	kind, ok := fields[len(fields)-1].Type.(*ast.Ident)
	if ok && kind.Name == "error" && b.text(last) != "nil" {
		b.replace(last.Pos(), last.End(), "nil", "return nil for "+b.text(last))
	}
}

func (b *breaker) node(n ast.Node) {
	switch n := n.(type) {
	case *ast.IfStmt:
		b.negate(n.Cond)
	case *ast.ForStmt:
		if n.Cond != nil {
			b.negate(n.Cond)
		}
	case *ast.BinaryExpr:
		b.binary(n)
	case *ast.ExprStmt, *ast.IncDecStmt, *ast.SendStmt, *ast.DeferStmt, *ast.BranchStmt:
		b.drop(n)
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			b.drop(n)
		}
	case *ast.CaseClause:
		if n.List != nil {
			b.replace(n.Pos(), n.End(), "", "drop case "+b.text(n.List[0]))
		}
	case *ast.CompositeLit:
		b.elements(n)
	}
}

func (b *breaker) negate(condition ast.Expr) {
	text := b.text(condition)
	b.replace(condition.Pos(), condition.End(), "!("+text+")", "negate "+text)
}

// binary moves a border, turns arithmetic round, and leaves one side out.
func (b *breaker) binary(n *ast.BinaryExpr) {
	if n.Op == token.LAND || n.Op == token.LOR {
		b.replace(n.Pos(), n.Y.Pos(), "", "only "+b.text(n.Y)+" of "+b.text(n))
		b.replace(n.X.End(), n.End(), "", "only "+b.text(n.X)+" of "+b.text(n))
		return
	}
	others := map[token.Token]string{
		token.LSS: "<=", token.LEQ: "<", token.GTR: ">=", token.GEQ: ">", token.EQL: "!=", token.NEQ: "==",
		token.ADD: "-", token.SUB: "+", token.MUL: "/", token.QUO: "*",
	}
	if other := others[n.Op]; other != "" {
		b.replace(n.OpPos, n.OpPos+token.Pos(len(n.Op.String())), other, other+" for "+n.Op.String()+" in "+b.text(n))
	}
}

// elements leaves out each named element of a literal.
func (b *breaker) elements(n *ast.CompositeLit) {
	for i, e := range n.Elts {
		if _, named := e.(*ast.KeyValueExpr); !named {
			continue
		}
		end := e.End()
		switch {
		case i+1 < len(n.Elts):
			end = n.Elts[i+1].Pos()
		case strings.HasPrefix(string(b.source[b.file.Offset(end):]), ","):
			end++
		}
		b.replace(e.Pos(), end, "", "drop "+b.text(e))
	}
}
