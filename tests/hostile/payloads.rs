//! The corpus: what a stranger may write wherever he may write, each an attack on some medium.
//!
//! `window.hit` is what the test in a browser looks for; nothing else sets it.

/// Payloads; a new attack is a new line.
pub const PAYLOADS: &[&str] = &[
    // HTML
    "<script>window.hit=1</script>",
    "</script><script>window.hit=2</script>",
    "</style><img src=x onerror=window.hit=3>",
    "\"><svg onload=window.hit=4>",
    "' onmouseover='window.hit=5' x='",
    "javascript:window.hit=6",
    "</title></head><body onload=window.hit=7>",
    "<a href=\"javascript:window.hit=8\">x</a><iframe src=//example.invalid/>",
    "--><!--<link rel=stylesheet href=//example.invalid/x.css>",
    "<meta http-equiv=refresh content=0;url=//example.invalid/>",
    "]]><![CDATA[<script>window.hit=11</script>",
    "<svg><animate onbegin=window.hit=12 attributeName=x></svg>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=window.hit=13>",
    "<base href=//example.invalid/><form action=//example.invalid/><input autofocus onfocus=window.hit=14>",
    "&lt;script&gt;&amp;&#x3c;",
    "{{7*7}}${7*7}`window.hit=9`",
    "{{constructor.constructor('window.hit=15')()}}<%= 7*7 %>#{7*7}",
    // terminals
    "\u{1b}]52;c;aGl0\u{7}\u{1b}[2J",
    "\u{1b}]8;;http://example.invalid/\u{1b}\\link\u{1b}]8;;\u{1b}\\",
    "\u{1b}[8m\u{1b}[41mhidden\u{1b}[0m\u{1b}]0;title\u{7}\u{9b}31m\u{90}q\u{9c}",
    "a\u{8}\u{8}\u{7f}\u{c}\u{b}b",
    // what does not show, or moves what does
    "\u{202e}gnp.exe\u{202c}\u{2066}abc",
    "a\u{200b}b\u{200d}c\u{2060}d\u{feff}e\u{ad}f\u{e0041}\u{2028}g\u{2029}",
    "a\0b\r\nc\td\u{feff}\u{200b}",
    // tables
    "=HYPERLINK(\"http://example.invalid\")",
    "=cmd|' /C calc'!A0",
    "+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "\t=1+1",
    "a\",\"b\r\n=1+1,\"c",
    // Markdown
    "[x](javascript:window.hit=16)",
    "![x](http://example.invalid/x.png)",
    "<http://example.invalid/> http://example.invalid/ www.example.invalid a@example.invalid",
    "a|b|c `x` ``y`` ~~z~~ **b** _i_ \\",
    "```\n# heading\n- [ ] task\n> quote\n\n    code\n---",
    "[ref]: http://example.invalid/ \"t\"\n[ref]",
    "@everyone #1 !1 :boom: $x$",
    // lines of other formats
    "x\r\n2014-02-18 23:04:23 - - - - - - - - - 999_Connections_Refused -\r\n",
    "\",\"injected\":\"1",
    "\\u003cscript\\u003e\\x1b[2J\\",
    "%00%0d%0a%3cscript%3e",
    "../../../etc/passwd",
    "CON",
];

/// A very long text without a blank.
pub fn long() -> String {
    "A".repeat(20_000)
}
