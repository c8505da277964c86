import gc
import platform

import pytest

from grove.kit.memory import loading, share_arenas


class TestSharingArenas:
    @pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's allocator has arenas")
    def test_is_done_where_the_allocator_has_them(self) -> None:
        assert share_arenas()


class TestLoading:
    def test_looks_for_no_garbage_until_it_is_over(self) -> None:
        with loading():
            assert not gc.isenabled()
        assert gc.isenabled()

    def test_keeps_what_was_loaded_out_of_later_looks(self) -> None:
        gc.unfreeze()
        with loading():
            loaded = [object()]
        assert gc.get_freeze_count() > 0
        assert not any(kept is loaded for kept in gc.get_objects())
        gc.unfreeze()

    def test_looks_again_though_the_code_cannot_be_loaded(self) -> None:
        with pytest.raises(ImportError), loading():
            raise ImportError
        assert gc.isenabled()
