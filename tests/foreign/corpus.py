"""All attacks by kind, with what each kind tries; the words are our own, nothing here was seen in the wild."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.foreign import corpus_markup as markup
from tests.foreign import corpus_signs as signs
from tests.foreign import corpus_words as words

LONG = 2000  # characters from which an attack is about size


@dataclass(frozen=True)
class Attack:
    """A text that somebody could have written into any field of Beam."""

    kind: str
    name: str
    text: str

    @property
    def title(self) -> str:
        """What it is called in the table."""
        return f"{self.kind}: {self.name}"


KINDS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "order": ("to be obeyed", words.ORDERS),
    "fake result": ("to pass for what a tool, the protocol or a log says", words.RESULTS),
    "fence": ("to end the fence or the quotation it stands in", words.FENCES),
    "own line": ("to pass for a line of ours", words.OWN_LINES),
    "turn": ("to pass for another speaker", words.TURNS),
    "id": ("to be taken for another task, or for a path or command", words.IDS),
    "file name": ("to lie elsewhere, be obeyed or pass for another kind", words.FILES),
    "escape": ("to act on a terminal", signs.ESCAPES),
    "unseen": ("to say what nobody sees", signs.UNSEEN),
    "turned": ("to be read in another order", signs.TURNED),
    "flood": ("to fill the screen, the budget or the time", signs.FLOODS),
    "Markdown": ("to load a picture, or to hide where a link leads", markup.MARKDOWN),
    "HTML": ("to run, load or send something in a page", markup.HTML),
    "template": ("to be evaluated", markup.TEMPLATES),
}
CORPUS = tuple(Attack(kind, name, text) for kind, (_, texts) in KINDS.items() for name, text in texts.items())
HARMLESS: Mapping[str, str] = signs.HARMLESS
