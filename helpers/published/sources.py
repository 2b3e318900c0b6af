"""Where the published tables come from: addresses, checksums, columns."""

from dataclasses import dataclass

STUDY = "youssof20/surgical-blood-generalization"


STUDY_COMMIT = "86bfcc5a2e51baa2f7dde5cea6a3d5739a53f065"


STATISTICS = "dataset-ninja/cholec-seg8k"


STATISTICS_COMMIT = "146ad5972daf489dc7175bf938ed2cd75930158c"


PUBLIC = "https://raw.githubusercontent.com"


@dataclass(frozen=True)
class Source:
    """One published file: where it stands, and the SHA-256 of the bytes that the
    recorded figures were computed from."""

    name: str
    project: str
    commit: str
    folder: str
    licence: str
    sha256: str

    @property
    def address(self) -> str:
        """The file's public address at its commit."""
        return f"{PUBLIC}/{self.project}/{self.commit}/{self.folder}/{self.name}"

    @property
    def cited(self) -> str:
        """The file as a reader would cite it: project, commit, path."""
        return f"{self.project}@{self.commit[:7]}:{self.folder}/{self.name}"


def _study(name: str, sha256: str) -> Source:
    return Source(name, STUDY, STUDY_COMMIT, "outputs/results", "MIT", sha256)


FILES = {
    source.name: source
    for source in (
        _study(
            "per_frame_analysis.csv",
            "50c16c434cfca15c1aea69509c4fe7eec917f86e55b0e04aa3f866f799a992dd",
        ),
        _study(
            "correlation_analysis.csv",
            "ffdc29c676bf7c456ed4b0839fb8684889bdb74dfe4fe5d2888bc233beaaca7f",
        ),
        _study(
            "training_results.json",
            "984b141cedd9e6b8071724cf4f5f10e5cbae7bae09037a9e029e7cdc286c2687",
        ),
        _study(
            "domain_stats.json",
            "81e40bb37d6413739358dc79d740579d28f4b4e928158933a91ade72571d0e57",
        ),
        _study(
            "hemoset_splits.json",
            "5b75eb45e3a670edb4a766bc346dec08b3d8d6f66cf6e818401b21d27254db67",
        ),
        Source(
            "classes_per_image.json",
            STATISTICS,
            STATISTICS_COMMIT,
            "stats",
            "CC BY-NC-SA 4.0",
            "b0965abfa40932a422d294e035de426abce7e7cb324bb3b9caeed069ba29dc15",
        ),
    )
}
