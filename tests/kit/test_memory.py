import platform

import pytest

from grove.kit.memory import share_arenas


class TestSharingArenas:
    @pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's allocator has arenas")
    def test_is_done_where_the_allocator_has_them(self) -> None:
        assert share_arenas()
