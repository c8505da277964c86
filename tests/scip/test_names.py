import pytest

from grove.scip import holder_of, identity_of, name_of


class TestNames:
    @pytest.mark.parametrize(
        ("symbol", "name", "holder"),
        [
            ("scip-python python requests 2.31 `requests.api`/get().", "get", "requests.api"),
            ("scip-python python requests 2.31 `requests.models`/Response#json().", "json", "Response"),
            ("scip-typescript npm web 1.0 src/`a.ts`/Box#open(+1).", "open", "Box"),
            ("scip-go gomod example.org/x v1 `example.org/x`/Server#Addr.", "Addr", "Server"),
            ("s m p v a/T#[K]", "K", "T"),
            ("s m p v a/f().(argument)", "argument", "f"),
            ("s m p v a/macro!", "macro", "a"),
            ("s m p v `with ``ticks```#", "with `ticks`", ""),
            ("s m p v ", "", ""),
            ("", "", ""),
        ],
    )
    def test_are_those_of_the_last_descriptors(self, symbol: str, name: str, holder: str) -> None:
        assert (name_of(symbol), holder_of(symbol)) == (name, holder)

    def test_mean_the_same_at_any_version(self) -> None:
        one, other = "s npm lib 1.0 a/f().", "s npm lib 2.0 a/f()."

        assert identity_of(one) == identity_of(other) == "s npm lib a/f()."
        assert identity_of("s npm other 1.0 a/f().") != identity_of(one)
        assert identity_of("s npm li  b 1.0 a/f().") == "s npm li  b a/f()."
