"""The installed git is asked by behaviour."""

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from grove.git import Git, GitConfig, probe_installed_git


class TestProbeInstalledGit:
    def test_finds_that_this_git_withstands(self, git: Git) -> None:
        findings = probe_installed_git(git)
        assert [finding for finding in findings if not finding.passed] == []
        assert {finding.name.split()[0] for finding in findings} == {"U1", "U2", "U5", "U6", "U12", "C1", "hooks"}

    def test_leaves_nothing_behind(self, git: Git, config: GitConfig) -> None:
        probe_installed_git(git)
        assert list(config.job_root.iterdir()) == []

    @pytest.mark.parametrize(
        ("weakness", "found"),
        [
            ("unset GIT_ALLOW_PROTOCOL; export GIT_PROTOCOL_FROM_USER=1", {"U1", "U2"}),
            ("unset GIT_CONFIG_COUNT", {"U5", "U12", "C1", "hooks"}),
        ],
    )
    def test_finds_a_git_that_does_not(self, config: GitConfig, tmp_path: Path, weakness: str, found: set[str]) -> None:
        weak = tmp_path / "git"
        weak.write_text(f'#!/bin/sh\n{weakness}\nexec /usr/bin/git "$@"\n')
        weak.chmod(stat.S_IRWXU)

        findings = probe_installed_git(Git(replace(config, executable=weak)))

        assert found == {finding.name.split()[0] for finding in findings if not finding.passed}
