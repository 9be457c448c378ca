"""Which column of a foreign table is which of our fields."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from matchmaker.core.errors import Misconfigured
from matchmaker.core.text import clean_line
from matchmaker.listings import values

# Our field → columns that mean it, best first; compared without case, blanks and hyphens.
COLUMNS: dict[str, str] = {
    "id": "id source_id key 编号 序号 项目编号 reference ref",
    "direction": "direction kind type 类型 供需类型 类别",
    "lang": "lang language 语言 语种",
    "country": "country country_code 国家 国别 nation",
    "title": "title 标题 名称 项目名称 需求名称 成果名称 name headline",
    "summary": "summary 摘要 简介 概要 概述",
    "description": "description text 描述 内容 详细描述 技术描述 需求描述 成果描述 "
    "需求内容 成果简介 abstract body content",
    "advantages": "advantages innovations 优势 创新点 技术优势",
    "technical_spec": "technical_spec specification expertise_sought 技术要求 技术指标要求 requirements",
    "indicators": "indicators key_indicators 指标 考核指标 技术指标",
    "keywords": "keywords keyword tags 关键词 关键字",
    "stage": "stage stage_of_development 阶段 技术成熟度阶段 成熟度",
    "trl": "trl wanted_trl technology_readiness_level 技术成熟度 技术成熟度等级",
    "ipr_status": "ipr_status ipr 知识产权 知识产权状态",
    "ipr_notes": "ipr_notes ipr_comments 知识产权说明",
    "ip_ownership": "ip_ownership 知识产权归属",
    "budget": "budget 预算 经费 投入预算 拟投入资金 金额",
    "budget_min": "budget_min budget_from 预算下限 最低预算",
    "budget_max": "budget_max budget_to 预算上限 最高预算",
    "budget_currency": "budget_currency currency 币种 货币",
    "deadline": "deadline close close_date closing_date 截止日期 截止时间 有效期至",
    "partnerships": "partnerships partnership partnership_type 合作方式",
    "partner_types": "partner_types partner_type 合作对象 合作方类型",
    "partner_sizes": "partner_sizes partner_size 合作方规模",
    "target_countries": "target_countries 目标国家",
    "ipc": "ipc ipc_codes 专利分类号 国际专利分类",
    "nace": "nace nace_codes",
    "sdg": "sdg sdgs 可持续发展目标",
    "organisation": "organisation_name organisation organization org 机构 单位 单位名称 企业名称 完成单位 "
    "company institution owner agency",
    "source": "source 来源",
    "url": "url source_url link 链接 网址",
    "licence": "licence license 许可证",
    "published": "published_at published date publication_date release open year 发布日期 发布时间 日期 年份",
    "texts": "texts",
}

# A mapping may say `"direction": "=need"` where no column tells.
CONSTANT = "="


@dataclass
class Columns:
    """The columns of one file: `pick` gives a row by our fields and remembers what it met."""

    source: str
    overrides: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    unused: set[str] = field(default_factory=set)
    _targets: dict[str, tuple[str, int] | None] = field(default_factory=dict)

    def pick(self, row: dict[str, object]) -> dict[str, object]:
        """The row's filled values by our field; of two columns that mean the same the better name wins."""
        constants = {name: said[1:] for name, said in self.overrides.items() if said.startswith(CONSTANT)}
        picked: dict[str, tuple[int, object]] = {name: (0, value) for name, value in constants.items()}
        for column, value in row.items():
            target = self._target(column)
            if target is None or (not isinstance(value, dict) and not values.as_text(value).strip()):
                continue
            name, rank = target
            if name not in picked or rank < picked[name][0]:
                picked[name] = rank, value
        return {name: value for name, (_rank, value) in picked.items()}

    def key(self, picked: dict[str, object], row: dict[str, object]) -> tuple[str, str]:
        """What tells the row from all others; a row without an id is told by its contents."""
        source = clean_line(values.as_text(picked.get("source"))) or self.source
        own = clean_line(values.as_text(picked.get("id")))
        return source, own if 0 < len(own) <= 128 else sha256_of(own or row)

    def _target(self, column: str) -> tuple[str, int] | None:
        if column not in self._targets:
            found = self._find(column)
            self._targets[column] = found
            (self.used if found else self.unused).add(column)
        return self._targets[column]

    def _find(self, column: str) -> tuple[str, int] | None:
        for name, wanted in self.overrides.items():
            if wanted == column:
                return name, 0
        name, rank = _KNOWN.get(_plain(column), ("", 0))
        return (name, rank) if name and name not in self.overrides else None

    def missing(self) -> list[str]:
        """Columns that the mapping names and no row had."""
        return sorted({said for said in self.overrides.values() if not said.startswith(CONSTANT)} - self.used)

    def has_words(self) -> bool:
        """Tell whether any column met so far can give a listing its title."""
        return any(target and target[0] in {"title", "summary", "description"} for target in self._targets.values())


def _plain(column: str) -> str:
    return column.strip().casefold().replace(" ", "_").replace("-", "_")


_KNOWN = {alias: (name, rank) for name, aliases in COLUMNS.items() for rank, alias in enumerate(aliases.split())}


def read_overrides(path: Path) -> dict[str, str]:
    """Read a mapping file, `{"our field": "their column"}`; raises Misconfigured when it is none."""
    try:
        found = json.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise Misconfigured(f"{path.name} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise Misconfigured(f"{path.name} is not JSON: {error}") from error
    if not isinstance(found, dict) or not all(isinstance(column, str) for column in found.values()):
        raise Misconfigured(f'{path.name} must be an object such as {{"title": "Bezeichnung", "direction": "=need"}}')
    unknown = sorted(set(found) - set(COLUMNS))
    if unknown:
        raise Misconfigured(f"{path.name}: no field {', '.join(unknown)}; there are {', '.join(COLUMNS)}")
    return found


def sha256_of(value: object) -> str:
    """SHA-256 in hex of the value as canonical JSON."""
    canonical = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()
