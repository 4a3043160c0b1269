"""Gradio's page as one script and one stylesheet: a browser would load 38 modules and 26 stylesheets, in four round
trips and six at a time.

Of a minified module only the ends are read: its imports come first and its one export comes last. In the bundle it is a
function that returns the exports, called when the module is first imported. The bundle is in a folder of its own.
There, each bundled module is also a file that takes its exports from the bundle, for what Gradio loads later.
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from chatbot.web.gradio_import import gr

FRONTEND = Path(gr.__file__).with_name("templates") / "frontend"
ASSETS = FRONTEND / "assets"
SCRIPT, STYLE = "page.js", "page.css"
END = "</body>"

ENTRY = re.compile(r'<script type="module" crossorigin src="\./assets/([\w.-]+\.js)"></script>')
ENTRY_STYLE = re.compile(r'<link rel="stylesheet" crossorigin href="\./assets/([\w.-]+\.css)">')
FILE = r"[\"`]\./(?P<file>[\w.-]+\.js)[\"`]"
IMPORT = re.compile(rf"import(?P<names>[^\"`;()]*?)(?:from)?{FILE};")
EXPORT = re.compile(r"export\{(?P<names>[^}]*)\};?\s*(?://# sourceMappingURL=\S*\s*)?$")
DEPENDENCIES = re.compile(r'const __vite__mapDeps=[^\n]*?(?P<files>\["[^\]]*\])[^\n]*\n')
DYNAMIC_IMPORT = re.compile(rf"(?<![\w$.])import\({FILE}\)")
USED_DEPENDENCIES = re.compile(r"(?:(?!import\().){0,60}?__vite__mapDeps\(\[([\d,]*)\]\)")
"""Places in the list of dependencies, after a dynamic import."""

COMPONENT = r"[{,]%s:\{(?:(?!\}[,}]).)*?component:\(\)=>[\w$]+\(\(\)=>import\(`\./([\w.-]+\.js)`\)"
UNSET = re.compile(r"(?:var|let) ((?:[\w$]+,)*[\w$]+);")
DECLARED = r"(?<![\w$.])(?:function|class) %s(?![\w$])"
ASSIGNED = r"(?<![\w$.])%s=(?![=>])"
LATER = r"(?<![\w$.])%s=([\w$]+)(?=[,;])"
"""How variables are declared without a value, a function or class declared, and a value assigned, now and later."""

SET_STATE = re.compile(r"async update_state\(([\w$]+),([\w$]+),[\w$]+=!0\)\{")
"""Where Gradio changes a component: which, and its new values. At each step of an answer it sets the progress of the
event's inputs and outputs, and copies all that they hold for it."""

START = """const modules = {}, loaded = {}, listeners = {};
export const __load = (file) => loaded[file] ??= modules[file]();
const __listen = (name, listener) => (listeners[name] ??= []).push(listener);
const __set = (name, value) => { listeners[name]?.forEach((listener) => listener(value)); return value; };
"""


class BundleError(Exception):
    """Gradio's files are not as this module expects."""


@dataclass(frozen=True)
class _Module:
    """The parts of a module. `imports` and `exports` map the names outside to those inside."""

    file: str
    imports: Mapping[str, Mapping[str, str]]
    exports: Mapping[str, str]
    dependencies: str
    body: str

    @cached_property
    def late(self) -> dict[str, str]:
        """Exports that get their values after the module was loaded."""
        unset = {name for names in UNSET.findall(self.body) for name in names.split(",")}
        return {
            outer: inner for outer, inner in self.exports.items() if inner in unset and _is_set_once(inner, self.body)
        }

    @cached_property
    def dynamic_imports(self) -> dict[str, list[str]]:
        """Modules that this one may load later, with the stylesheets that they need."""
        listed = DEPENDENCIES.match(self.dependencies)
        files = json.loads(listed["files"]) if listed else []
        found: dict[str, list[str]] = {}
        for match in DYNAMIC_IMPORT.finditer(self.body):
            used = USED_DEPENDENCIES.match(self.body, match.end())
            needed = [files[int(place)].removeprefix("./") for place in used[1].split(",")] if used else []
            found[match["file"]] = [file for file in needed if file.endswith(".css")]
        return found


class Bundle:
    """The script and the stylesheet of a page with these kinds of components. Raises BundleError."""

    def __init__(self, kinds: Collection[str], frontend: Path = FRONTEND) -> None:
        self._assets = frontend / "assets"
        template = (frontend / "index.html").read_text("utf-8")
        self.entry, self.entry_style = _find(ENTRY, template), _find(ENTRY_STYLE, template)
        self._modules: dict[str, _Module] = {}
        self._styles = {self.entry_style: None}
        self._add_modules(kinds)
        self.style = "\n".join((self._assets / file).read_text("utf-8") for file in self._styles)
        functions = "".join(self._function(module) for module in self._modules.values())
        self.script = _without_progress(f'{START}{functions}__load("{self.entry}");\n')

    def files(self, folder: str) -> dict[str, str]:
        """The text of each file in the bundle's folder; Gradio's other files are there as well."""
        script = self.script.replace(f"./assets/{self.entry_style}", _address(folder, STYLE))
        return {SCRIPT: script, STYLE: self.style} | {name: self._stand_in(name) for name in self._modules}

    def replace_links(self, page: str, folder: str) -> str:
        """Gradio's page, with the bundle in the place of its first files."""
        page = ENTRY.sub(f'<script type="module" src="{_address(folder, SCRIPT)}"></script>', page)
        style = f'<link rel="stylesheet" href="{_address(folder, STYLE)}">\n'
        # not in the head, where it would hold back what the page shows before
        return ENTRY_STYLE.sub("", page).replace(END, style + END, 1)

    def _add_modules(self, kinds: Collection[str]) -> None:
        entry = self._add(self.entry)
        for file in entry.dynamic_imports:
            self._add_dynamic(entry, file)
        core, app = self._starting("core-"), self._starting("Index-")
        self._add_dynamic(app, _find(re.compile(r"(?m)^(Blocks-.*)$"), "\n".join(app.dynamic_imports)))
        for kind in sorted(kinds):
            self._add_dynamic(core, _find(re.compile(COMPONENT % kind), core.body))

    def _starting(self, start: str) -> _Module:
        """The bundled module whose name starts so."""
        names = [name for name in self._modules if name.startswith(start)]
        if len(names) != 1:
            raise BundleError(f"{len(names)} modules are called {start}")
        return self._modules[names[0]]

    def _add_dynamic(self, importer: _Module, file: str) -> None:
        self._styles |= dict.fromkeys(importer.dynamic_imports[file])
        self._add(file)

    def _add(self, file: str) -> _Module:
        """Reads a module, and before it those that it imports."""
        if file not in self._modules:
            module = _read(self._assets / file)
            for imported in module.imports:
                self._add(imported)
            self._modules[file] = module
        return self._modules[file]

    def _function(self, module: _Module) -> str:
        # in parentheses: V8 then compiles the function at once, and not twice, which saves 20 ms
        imports = "".join(self._import(file, names) for file, names in module.imports.items())
        exports = ", ".join(f"get {outer}() {{ return {inner}; }}" for outer, inner in module.exports.items())
        bundled = "|".join(map(re.escape, [*self._modules, *self._styles]))
        # Gradio's loader skips a stylesheet that the page has already
        dependencies = re.sub(rf'"\./(?:{bundled})"', f'"./{STYLE}"', module.dependencies)
        body = DYNAMIC_IMPORT.sub(self._dynamic_import, _with_late_exports(module))
        return f'modules["{module.file}"] = (() => {{\n{dependencies}{imports}{body}\nreturn {{ {exports} }};\n}});\n'

    def _import(self, file: str, names: Mapping[str, str]) -> str:
        late = {outer: names[outer] for outer in self._modules[file].late if outer in names}
        taken = ", ".join(f"{outer}: {inner}" for outer, inner in names.items())
        listeners = (
            f'__listen("{file} {outer}", (value) => {{ {inner} = value; }});\n' for outer, inner in late.items()
        )
        return f'{"let" if late else "const"} {{ {taken} }} = __load("{file}");\n' + "".join(listeners)

    def _dynamic_import(self, match: re.Match[str]) -> str:
        is_bundled = match["file"] in self._modules
        return f'Promise.resolve().then(() => __load("{match["file"]}"))' if is_bundled else match[0]

    def _stand_in(self, file: str) -> str:
        names = self._modules[file].exports
        taken = ", ".join(f"{name}: _{place}" for place, name in enumerate(names))
        exported = ", ".join(f"_{place} as {name}" for place, name in enumerate(names))
        taken = f'const {{ {taken} }} = __load("{file}");'
        return f'import {{ __load }} from "./{SCRIPT}";\n{taken}\nexport {{ {exported} }};\n'


def _read(file: Path) -> _Module:
    text = file.read_text("utf-8")
    listed = DEPENDENCIES.match(text)
    place = listed.end() if listed else 0
    dependencies = text[:place]
    imports: dict[str, dict[str, str]] = {}
    while match := IMPORT.match(text, place):
        imports.setdefault(match["file"], {}).update(_imported_names(match["names"]))
        place = match.end()
    export = EXPORT.search(text, place)
    names = _pairs(export["names"]) if export else []
    body = text[place : export.start() if export else len(text)]
    return _Module(file.name, imports, {outer: inner for inner, outer in names}, dependencies, body)


def _imported_names(written: str) -> dict[str, str]:
    """The names of an import, such as `{a as b}` or `b,{c as d}`: those of the exports, and those inside."""
    default, _, named = written.strip().partition("{")
    if "*" in default:
        raise BundleError(f"import {written}")
    default = default.strip(" ,")
    return ({"default": default} if default else {}) | dict(_pairs(named.rstrip("} ")))


def _pairs(names: str) -> Sequence[tuple[str, str]]:
    """Of `a as b,c`: a and b, c and c."""
    parts = (name.strip().partition(" as ") for name in names.split(",") if name.strip())
    return [(first, second or first) for first, _, second in parts]


def _is_set_once(name: str, body: str) -> bool:
    """Whether one function sets the variable. Short names are those of other variables too, which are set more
    often."""
    declared, assigned, later = (re.findall(form % re.escape(name), body) for form in (DECLARED, ASSIGNED, LATER))
    return not declared and len(assigned) == len(later) == 1


def _with_late_exports(module: _Module) -> str:
    """The module's code, in which setting an export late tells the modules that have imported it."""
    body = module.body
    for outer, inner in module.late.items():
        start = f'{inner}=__set("{module.file} {outer}",'
        body = re.sub(LATER % re.escape(inner), partial(_wrapped, start), body)
    return body


def _without_progress(script: str) -> str:
    """The script, which sets no component's progress: this page shows none."""
    _find(SET_STATE, script)
    return SET_STATE.sub(r'\g<0>if("loading_status"in \2&&Object.keys(\2).length===1)return;', script)


def _wrapped(start: str, match: re.Match[str]) -> str:
    return f"{start}{match[1]})"


def _address(folder: str, file: str) -> str:
    return f"./assets/{folder}/{file}"


def _find(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.findall(text)
    if len(found) != 1:
        raise BundleError(f"{len(found)} times {pattern.pattern}")
    return str(found[0])
