"""Lists Zod schemas of job parameters, and the values that both sides judge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

type Values = list[Any]


def _field(*values: Any) -> Values:
    return [{"a": value} for value in values]


OBJECTS: Mapping[str, Values] = {
    "z.object({startDate: z.string(), endDate: z.string().optional()})": [
        {"startDate": "2026-01-01"},
        {"startDate": "2026-01-01", "extra": 1},
        {"startDate": 1},
        {},
        {"startDate": "x", "endDate": None},
    ],
    "z.strictObject({a: z.string()})": [{"a": "x"}, {"a": "x", "b": 1}, {}],
    "z.looseObject({a: z.string()})": [{"a": "x", "b": {"c": [1]}}, {"b": 1}],
    "z.object({})": [{}, {"a": 1}, {f"n{at}": at for at in range(60)}],
    "z.object({a: z.string()}).catchall(z.number())": [{"a": "x", "b": 1}, {"a": "x", "b": "y"}],
    "z.object({job: z.object({a: z.string().default('x'), b: z.number().optional()})})": [
        {"job": {}},
        {"job": {"a": "y", "c": 1}},
        {"job": {"b": "1"}},
        {},
    ],
    "z.object({job_parameters: z.object({day: z.string().default('today')}).prefault({})})": [
        {},
        {"job_parameters": {}},
        {"job_parameters": {"day": "x", "more": 1}},
    ],
    "z.object({a: z.object({b: z.strictObject({c: z.number()})})})": [
        {"a": {"b": {"c": 1}}},
        {"a": {"b": {"c": 1, "d": 2}}},
        {"a": {"b": {"c": 1}, "d": 2}},
    ],
    "z.object({a: z.string().default('x'), n: z.number().default(0.5)})": [
        {},
        {"a": "y"},
        {"n": None},
    ],
    "z.object({a: z.object({b: z.string()}).default({b: 'x'})})": [
        {},
        {"a": {}},
        {"a": {"b": "y"}},
    ],
    "z.object({a: z.string().nullable()})": _field(None, "x", 1),
    "z.object({a: z.string().nullish()})": [{}, {"a": None}],
    "z.object({a: z.number().nullable().default(null)})": [{}, {"a": 1}],
    "z.object({a: z.any(), b: z.unknown()})": [{"a": 1, "b": 2}, {}],
    "z.object({a: z.never().optional()})": [{}, {"a": 1}],
    "z.object({a: z.string().readonly()})": _field("x", 1),
    "z.object({a: z.string()}).partial()": [{}, {"a": "x"}],
    "z.object({a: z.string()}).extend({b: z.number()})": [{"a": "x", "b": 1}, {"a": "x"}],
}
RECORDS: Mapping[str, Values] = {
    "z.record(z.string(), z.string())": [{}, {"a": "x"}, {"a": 1}],
    "z.record(z.string().regex(/^[a-z]+$/), z.number())": [{"a": 1}, {"A": 1}, {"a\n": 1}],
    "z.record(z.enum(['a', 'b']), z.number())": [
        {"a": 1, "b": 2},
        {"a": 1},
        {"a": 1, "b": 2, "c": 3},
    ],
    "z.record(z.enum(['a', 'b']), z.number().optional())": [{"a": 1}, {}, {"c": 1}],
    "z.partialRecord(z.enum(['a', 'b']), z.number())": [{"a": 1}, {"c": 1}],
    "z.object({a: z.record(z.string(), z.object({n: z.number().default(1)}))})": [
        {"a": {"x": {}}},
        {"a": {"x": {"n": "1"}}},
        {"a": {"x": {"n": 2, "m": 3}}},
    ],
    "z.object({a: z.record(z.int(), z.string())})": [{"a": {"1": "x"}}, {"a": {"x": "x"}}],
    "z.looseRecord(z.string().regex(/^n_/), z.number())": [{"n_a": 1, "b": "x"}, {"n_a": "x"}],
}
LISTS: Mapping[str, Values] = {
    "z.object({a: z.array(z.string()).min(1).max(2)})": _field([], ["x"], ["x"] * 3, [1]),
    "z.object({a: z.array(z.object({b: z.string().default('x')}))})": _field([{}], [{"c": 1}], [1]),
    "z.object({a: z.tuple([z.string(), z.number()])})": _field(["x", 1], ["x"], ["x", 1, 2], []),
    "z.object({a: z.tuple([z.string()], z.number())})": _field(["x"], ["x", 1, 2], ["x", "y"], []),
    "z.object({a: z.array(z.array(z.int()))})": _field([[1], []], [["1"]]),
    "z.object({args: z.array(z.string())})": [{"args": ["--day", "1"]}, {"args": [1]}],
}
UNIONS: Mapping[str, Values] = {
    "z.object({a: z.union([z.string().default('x'), z.number()])})": [{}, {"a": 1}],
    "z.object({a: z.union([z.string().optional(), z.number().default(1)])})": [{}, {"a": "x"}],
    "z.object({a: z.union([z.string(), z.unknown()]), b: z.unknown().nullable()})": [{}, {"a": 1}],
    "z.intersection(z.object({a: z.string().default('x')}), z.object({a: z.string()}))": [
        {},
        {"a": "y"},
    ],
    "z.object({a: z.union([z.string(), z.number()])})": _field("x", 1, True, None),
    "z.object({a: z.union([z.object({b: z.string()}), z.object({c: z.number()})])})": _field(
        {"b": "x", "c": 1}, {"c": 1}, {}
    ),
    "z.discriminatedUnion('kind', [z.object({kind: z.literal('a'), n: z.number()}),"
    " z.object({kind: z.literal('b'), s: z.string()})])": [
        {"kind": "a", "n": 1},
        {"kind": "b", "s": "x", "n": 1},
        {"kind": "a", "s": "x"},
        {"kind": "c"},
    ],
    "z.object({a: z.discriminatedUnion('k', [z.object({k: z.literal('x'),"
    " d: z.string().default('y')}), z.object({k: z.literal('z')})])})": _field(
        {"k": "x"}, {"k": "z", "d": 1}, {"k": 1}
    ),
    "z.intersection(z.object({a: z.string()}), z.object({b: z.number()}))": [
        {"a": "x", "b": 1},
        {"a": "x", "b": 1, "c": 2},
        {"a": "x"},
    ],
    "z.strictObject({a: z.string()}).and(z.strictObject({b: z.number()}))": [
        {"a": "x", "b": 1},
        {"a": "x", "b": 1, "c": 2},
    ],
    "z.intersection(z.object({a: z.object({b: z.string()})}),"
    " z.object({a: z.object({c: z.string()})}))": [
        {"a": {"b": "x", "c": "y"}},
        {"a": {"b": "x"}},
    ],
    "z.intersection(z.object({a: z.string()}),"
    " z.union([z.object({b: z.int()}), z.object({c: z.int()})]))": [
        {"a": "x", "b": 1, "c": 2},
        {"a": "x", "c": 2},
        {"a": "x"},
    ],
    "z.union([z.strictObject({a: z.string()}), z.strictObject({a: z.string(), b: z.string()})])": [
        {"a": "x", "b": "y"},
        {"a": "x", "c": "y"},
    ],
    "z.xor([z.object({a: z.string()}), z.object({b: z.string()})])": [
        {"a": "x"},
        {"a": "x", "b": "y"},
    ],
    "z.object({next: z.lazy(() => z.object({n: z.number().default(1)})).optional()})": [
        {"next": {}},
        {"next": {"n": "x"}},
    ],
    "(() => { const Tree = z.object({n: z.int(), get sub() { return z.array(Tree).optional(); }});"
    " return Tree; })()": [
        {"n": 1, "sub": [{"n": 2, "sub": [], "x": 1}]},
        {"n": 1, "sub": [{"n": "2"}]},
    ],
}
SCALARS: Mapping[str, Values] = {
    "z.object({a: z.enum(['dev', 'prod'])})": _field("dev", "Dev", 1),
    "z.object({a: z.literal(['x', 1, true, null])})": _field("x", 1, True, None, False, "1"),
    "z.object({a: z.literal(1)})": _field(1, 1.0, True, "1"),
    "z.object({a: z.boolean()})": _field(True, 1, "true"),
    "z.object({a: z.number()})": _field(1, 1.5, "1", None, True),
    "z.object({a: z.int()})": _field(5, 5.0, 5.5, 2**53, -(2**53) + 1),
    "z.object({a: z.int32()})": _field(2**31 - 1, 2**31, 0.5),
    "z.object({a: z.number().multipleOf(0.1)})": _field(0.3, 0.7, 1, 0.35),
    "z.object({a: z.number().multipleOf(0.01)})": _field(1.15, 4.35, 1.005),
    "z.object({a: z.number().gt(1).lte(3)})": _field(1, 1.0001, 3, 3.0001),
    "z.object({a: z.number().positive().max(1e21)})": _field(0, 1e21, 1e22),
    "z.object({a: z.number().min(5).int()})": _field(4, 5, 5.5),
}
STRINGS: Mapping[str, Values] = {
    "z.object({a: z.string().regex(/^\\d{4}$/)})": _field("2026", "2026\n", "٢٠٢٦"),
    "z.object({a: z.string().regex(/^\\w+\\b$/)})": _field("abc_1", "é"),
    "z.object({a: z.string().regex(/^\\S+\\s\\S+$/)})": _field(
        "a b", "a\u00a0b", "a\ufeffb", "a\x1cb"
    ),
    "z.object({a: z.string().regex(/^.+$/)})": _field("ab", "a\nb", "a\rb", "a\u2028b", "a\x85b"),
    "z.object({a: z.string().regex(/^.$/)})": _field("é", "😀"),
    "z.object({a: z.string().regex(/^[^a]{2}$/)})": _field("😀", "bb", "b"),
    "z.object({a: z.string().regex(/^\\p{L}+$/u)})": _field("aé", "λ", "1", "😀"),
    "z.object({a: z.string().regex(/^\\p{Script=Greek}$/u)})": _field("λ", "a"),
    "z.object({a: z.string().regex(/^(?<year>\\d{4})-\\k<year>$/)})": _field(
        "2026-2026", "2026-2025"
    ),
    "z.object({a: z.string().regex(/^(?!tmp)(?:[a-z]+|\\d+)$/)})": _field("abc", "tmp1", "12"),
    "z.object({a: z.string().regex(/^(['\"]).*\\1$/)})": _field("'a'", "'a\""),
    "z.object({a: z.string().regex(/(?<=-)x{2,3}?$/)})": _field("-xx", "-xxxx"),
    "z.object({a: z.string().regex(/^[\\]\\-a-c\\x41\\u0042]+\\/\\.$/)})": _field(
        "]-abAB/.", "d/."
    ),
    "z.object({a: z.string().regex(/^abc$/i)})": _field("ABC", "abc"),
    "z.object({a: z.string().regex(/^a$/m)})": _field("a", "b\na"),
    "z.object({a: z.string().min(1).max(2)})": _field("", "ab", "abc", "😀", "😀a"),
    "z.object({a: z.string().length(2)})": _field("😀", "ab", "a"),
    "z.object({a: z.string().startsWith('a.').endsWith('z').includes('+')})": _field(
        "a.+z", "ab+z"
    ),
    "z.object({a: z.string().uppercase()})": _field("ABC", "ABc"),
    "z.object({a: z.string().trim().min(1)})": _field("  ", "x"),
    "z.object({a: z.templateLiteral(['v', z.int()])})": _field("v1", "v1.5", "v"),
}
FORMATS: Mapping[str, Values] = {
    "z.object({a: z.iso.date()})": _field(
        "2026-01-01", "2026-01-01\n", "2026-02-29", "2024-02-29", "٢٠٢٦-01-01", "yesterday"
    ),
    "z.object({a: z.iso.datetime()})": _field(
        "2026-01-01T00:00:00Z", "2026-01-01T00:00:00+01:00", "2026-01-01T24:00:00Z", "2026-01-01"
    ),
    "z.object({a: z.iso.datetime({offset: true, local: true})})": _field(
        "2026-01-01T00:00:00+01:00", "2026-01-01T00:00", "2026-13-01T00:00:00Z"
    ),
    "z.object({a: z.iso.time()})": _field("12:00:00", "25:00", "12:00:00Z"),
    "z.object({a: z.iso.duration()})": _field("P1DT12H", "P", "1 day"),
    "z.object({a: z.url()})": _field(
        "https://example.com/a?b#c",
        " https://example.com ",
        "nonsense",
        "http://",
        "//example.com",
        "mailto:me@example.com",
        "http://a b",
        "http://[::1]:80",
        "http://host:99999",
    ),
    "z.object({a: z.url().regex(/^https/)})": _field("https://example.com", "https nonsense"),
    "z.object({a: z.url({protocol: /^https$/})})": _field("http://example.com"),
    "z.object({a: z.email()})": _field(
        "me@example.com", "me", ".me@example.com", "me@example.com\n"
    ),
    "z.object({a: z.uuid()})": _field(
        "123e4567-e89b-42d3-a456-426614174000", "123e4567e89b42d3a456426614174000", "x"
    ),
    "z.object({a: z.ipv4()})": _field("10.0.0.1", "10.0.0.256", "10.0.0"),
    "z.object({a: z.ipv6()})": _field("::1", "1::2::3", "x"),
    "z.object({a: z.cidrv4()})": _field("10.0.0.0/8", "10.0.0.0/33"),
    "z.object({a: z.cidrv6()})": _field("fd00::/8", "::12345678/10"),
    "z.object({a: z.base64()})": _field("YQ==", "YQ=", "a"),
    "z.object({a: z.base64url()})": _field("YQ", "a", "Y+=="),
    "z.object({a: z.emoji()})": _field("😀", "a"),
    "z.object({a: z.nanoid()})": _field("V1StGXR8_Z5jdHi6B-myT", "V1StGXR8"),
    "z.object({a: z.jwt()})": _field("a.b.c"),
    "z.object({a: z.stringFormat('even', (text) => text.length % 2 === 0)})": _field("ab", "a"),
    "z.object({a: z.hostname()})": _field("example.com", "-a.example", "a b"),
}
LOST: Mapping[str, Values] = {
    "z.object({a: z.number(), b: z.number()}).refine(({a, b}) => a < b)": [
        {"a": 1, "b": 2},
        {"a": 2, "b": 1},
    ],
    "z.object({a: z.coerce.number()})": _field("5", 5, "x"),
    "z.object({a: z.stringbool()})": _field("true", "x", True),
    "z.object({a: z.string().transform((text) => text.length)})": _field("abc"),
    "z.object({a: z.preprocess(String, z.string())})": _field(1, "x"),
    "z.object({a: z.string().catch('x')})": [{"a": 1}, {}],
    "z.object({a: z.date()})": _field("2026-01-01"),
    "z.object({a: z.string().toLowerCase()})": _field("ABC"),
    "z.object({a: z.file()})": _field("x"),
    "z.object({a: z.tuple([z.string(), z.string().optional()])})": _field(["x"], ["x", "y"]),
}
TABLE: Mapping[str, Values] = {
    **OBJECTS,
    **RECORDS,
    **LISTS,
    **UNIONS,
    **SCALARS,
    **STRINGS,
    **FORMATS,
    **LOST,
}
