package chunk

import (
	"maps"
	"slices"
)

// languages are the separators of mode Code, coarsest first, as LangChain has
// them, slips included (the doubled backslashes and the "\b" of latex match no
// LaTeX): other separators would cut the same text elsewhere.
var languages = map[string][]string{
	"cpp": {
		"\nclass ", "\nvoid ", "\nint ", "\nfloat ", "\ndouble ", "\nif ", "\nfor ",
		"\nwhile ", "\nswitch ", "\ncase ", "\n\n", "\n", " ", "",
	},
	"go": {
		"\nfunc ", "\nvar ", "\nconst ", "\ntype ", "\nif ", "\nfor ", "\nswitch ",
		"\ncase ", "\n\n", "\n", " ", "",
	},
	"html": {
		"<body", "<div", "<p", "<br", "<li", "<h1", "<h2", "<h3", "<h4", "<h5", "<h6",
		"<span", "<table", "<tr", "<td", "<th", "<ul", "<ol", "<header", "<footer", "<nav",
		"<head", "<style", "<script", "<meta", "<title", "",
	},
	"java": {
		"\nclass ", "\npublic ", "\nprotected ", "\nprivate ", "\nstatic ", "\nif ",
		"\nfor ", "\nwhile ", "\nswitch ", "\ncase ", "\n\n", "\n", " ", "",
	},
	"js": {
		"\nfunction ", "\nconst ", "\nlet ", "\nvar ", "\nclass ", "\nif ", "\nfor ",
		"\nwhile ", "\nswitch ", "\ncase ", "\ndefault ", "\n\n", "\n", " ", "",
	},
	"latex": {
		"\n\\\\chapter{", "\n\\\\section{", "\n\\\\subsection{", "\n\\\\subsubsection{",
		"\n\\\\begin{enumerate}", "\n\\\\begin{itemize}", "\n\\\\begin{description}",
		"\n\\\\begin{list}", "\n\\\\begin{quote}", "\n\\\\begin{quotation}",
		"\n\\\\begin{verse}", "\n\\\\begin{verbatim}", "\n\\\begin{align}", "$$", "$", " ",
		"",
	},
	"markdown": {
		"\n#{1,6} ", "```\n", "\n\\*\\*\\*+\n", "\n---+\n", "\n___+\n", "\n\n", "\n", " ",
		"",
	},
	"php": {
		"\nfunction ", "\nclass ", "\nif ", "\nforeach ", "\nwhile ", "\ndo ", "\nswitch ",
		"\ncase ", "\n\n", "\n", " ", "",
	},
	"proto": {
		"\nmessage ", "\nservice ", "\nenum ", "\noption ", "\nimport ", "\nsyntax ",
		"\n\n", "\n", " ", "",
	},
	"python": {
		"\nclass ", "\ndef ", "\n\tdef ", "\n\n", "\n", " ", "",
	},
	"rst": {
		"\n=+\n", "\n-+\n", "\n\\*+\n", "\n\n.. *\n\n", "\n\n", "\n", " ", "",
	},
	"ruby": {
		"\ndef ", "\nclass ", "\nif ", "\nunless ", "\nwhile ", "\nfor ", "\ndo ",
		"\nbegin ", "\nrescue ", "\n\n", "\n", " ", "",
	},
	"rust": {
		"\nfn ", "\nconst ", "\nlet ", "\nif ", "\nwhile ", "\nfor ", "\nloop ",
		"\nmatch ", "\nconst ", "\n\n", "\n", " ", "",
	},
	"scala": {
		"\nclass ", "\nobject ", "\ndef ", "\nval ", "\nvar ", "\nif ", "\nfor ",
		"\nwhile ", "\nmatch ", "\ncase ", "\n\n", "\n", " ", "",
	},
	"sol": {
		"\npragma ", "\nusing ", "\ncontract ", "\ninterface ", "\nlibrary ",
		"\nconstructor ", "\ntype ", "\nfunction ", "\nevent ", "\nmodifier ", "\nerror ",
		"\nstruct ", "\nenum ", "\nif ", "\nfor ", "\nwhile ", "\ndo while ",
		"\nassembly ", "\n\n", "\n", " ", "",
	},
	"swift": {
		"\nfunc ", "\nclass ", "\nstruct ", "\nenum ", "\nif ", "\nfor ", "\nwhile ",
		"\ndo ", "\nswitch ", "\ncase ", "\n\n", "\n", " ", "",
	},
}

// Languages returns the languages of mode Code, sorted.
func Languages() []string {
	return slices.Sorted(maps.Keys(languages))
}
