"""``connector import``: a description of an API becomes an integration's folder."""

from __future__ import annotations

from connector.cli.parsing.parser import Parser, one_of
from connector.cli.report import exit_codes
from connector.cli.terminal import terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connector.authoring.importing import Imported, ImportReport

_SHOWN = 40


def run(words: list[str]) -> int:
    if words[:1] == ["superblocks"]:
        from connector.cli.commands import superblocks

        return superblocks.read(words[1:])
    parser = Parser("import")
    parser.add_argument("kind", metavar="KIND", type=one_of("openapi"), help="what it is written in: openapi")
    parser.add_argument("document", metavar="DOCUMENT", help="the file, or the address it is fetched from")
    parser.add_argument("-o", "--output", metavar="FOLDER", required=True, help="the folder that is made")
    parser.add_argument("--force", action="store_true", help="replace the specs of a folder that has some")
    args = parser.read(words)
    from pathlib import Path

    from connector.authoring.importing import convert, folder, parse_document, source
    from connector.authoring.importing.report import Remarks

    target = Path(args.output)
    folder.refuse_taken(target, force=args.force)
    content, name, url = source.read(args.document)
    twice = Remarks()
    imported = convert(parse_document.parse(content, name, twice), name, url, twice)
    folder.write(folder.files(imported), target, force=args.force)
    _list_at_once(imported, target)
    if args.json:
        told = {"folder": str(target), "integration": imported.manifest["id"]}
        terminal.print_json(told | imported.report.to_dict())
    elif not args.quiet:
        for line in _lines(imported.report):
            print(terminal.clean(line))
        terminal.say(
            f"\n{imported.report}.\nIn {target}; `connector actions --integration {target}` lists them."
        )
    return exit_codes.DONE


def _list_at_once(imported: Imported, target: Path) -> None:
    """Notes what the files say, so that nobody waits while a thousand of them are read for the first time."""
    from connector.authoring.importing import folder
    from connector.spec import cache

    known = folder.values(imported)
    seen = {name: stamp for name, stamp in cache.stamps(str(target), known).items() if stamp}
    cache.keep(str(target), cache.default_cache(), known, seen)


def _lines(report: ImportReport) -> Iterator[str]:
    """The remarks, those on the whole document first; of very many the first, and where the rest is."""
    for remark in report.whole:
        yield f"document: {remark}"
    for told in report.told[:_SHOWN]:
        for remark in told.remarks:
            # What a stranger calls an operation is one line all the same.
            yield f"{told.action or 'left out'} ({' '.join(told.operation.split())[:200]}): {remark}"
    if len(report.told) > _SHOWN:
        yield f"... and remarks on {len(report.told) - _SHOWN} more operations; --json has them all"
