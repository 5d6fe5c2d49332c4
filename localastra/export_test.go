package localastra

// PorterStem is what the analyzer "english" makes of a word.
var PorterStem = porterStem
