// The doors' smaller parts: the stored GitHub credential, durations, columns.
import { describe, expect, test } from "vitest";
import { OutOfReach } from "../../cloud/ports/outcomes.ts";
import { furnished } from "../world/world.ts";
import { inColumns } from "../../entry/words/columns.ts";
import { brief, spoken } from "../../entry/words/durations.ts";
import { plain } from "../../entry/words/terminal.ts";
import { hanging, wrap } from "../../entry/words/wrap.ts";
import { parseForgeCredential, storedCredential } from "../../entry/forge-credential.ts";

describe("the stored credential", () => {
  const read = (read: () => Promise<string>) => {
    const secrets = { read: async () => ({ value: await read(), writtenAt: 0 }), write: () => Promise.resolve() };
    return storedCredential(secrets, furnished());
  };

  test("is unusable where it cannot be read or says nothing; a mistake of ours, whatever its name, is none of its own", async () => {
    expect(await read(() => Promise.resolve("{"))).toMatchObject({
      kind: "unusable",
      why: expect.stringContaining("does not parse") as unknown,
    });
    expect(await read(() => Promise.reject(new OutOfReach("GetParameter")))).toMatchObject({ kind: "unusable" });
    await expect(read(() => Promise.reject(new Error("undefined is not a function")))).rejects.toThrow("undefined is");
  });

  test("is a token as it is, or an App as JSON", () => {
    expect(parseForgeCredential("ghp_abcdefghij\n")).toEqual({
      ok: true,
      auth: { kind: "token", token: "ghp_abcdefghij" },
    });
    expect(parseForgeCredential('{"appId": 7, "privateKey": "PEM", "installationId": 9}')).toEqual({
      ok: true,
      auth: { kind: "app", appId: 7, privateKey: "PEM", installationId: 9 },
    });
  });

  test.each([
    "",
    "two words here",
    "-----BEGIN RSA PRIVATE KEY-----\nsecretsecret",
    '{"appId": 7}',
    '{"privateKey": "secretsecret"',
    '{"appId":1,"privateKey":7}',
  ])("%j is refused without being quoted", (stored) => {
    const parsed = parseForgeCredential(stored);
    const problem = parsed.ok ? expect.fail("it is taken") : parsed.problem;
    expect(problem).toMatch(/neither a token nor an App|does not parse|missing or wrong|key alone/);
    expect(problem).not.toContain("secretsecret");
  });
});

test("durations are cut off in columns and rounded in sentences", () => {
  expect([-5, 0, 999, 59_999, 60_000, 3_599_999, 86_400_000 * 2.9].map(brief)).toEqual([
    "0s",
    "0s",
    "0s",
    "59s",
    "1m",
    "59m",
    "2d",
  ]);
  expect([0, 440, 9_949, 9_950, 59_499, 60_000, 125_000, 3_600_000, 4_320_000].map(spoken)).toEqual([
    "0 s",
    "0.4 s",
    "9.9 s",
    "10 s",
    "59 s",
    "1 min",
    "2 min 5 s",
    "1 h",
    "1 h 12 min",
  ]);
});

test("columns give way by their rank, and colour does not count", () => {
  const columns = [{ title: "A" }, { title: "B", spare: 1 }, { title: "C", spare: 2, align: "right" as const }];
  const rows = [[{ text: "aaaa", paint: (text: string) => `<${text}>` }, { text: "bbbb" }, { text: "c" }]];
  expect(inColumns(columns, rows, undefined)).toEqual(["A     B     C", "<aaaa>  bbbb  c"]);
  expect(inColumns(columns, rows, 12)).toEqual(["A     B", "<aaaa>  bbbb"]);
  expect(inColumns(columns, rows, 9)).toEqual(["A", "<aaaa>"]);
  expect(inColumns(columns, rows, 1)).toEqual(["A", "<aaaa>"]);
});

test("control characters of what others wrote do not reach a terminal", () => {
  // Right to left, isolates, invisible tags; joiners are part of words and of pictures.
  expect(plain("a\u202Eb\u2066c\u200Bd\u{E0041}e\u2028f\u200Dg")).toBe("a?b?c?d?e?f\u200Dg");
  expect(plain("a\u001b[2Jb\u0007c\rd\te\n")).toBe("a?[2Jb?c?d\te\n");
});

test("words are wrapped at blanks, further lines are indented, and a long word is never cut", () => {
  expect(wrap("one two three", 7)).toEqual(["one two", "three"]);
  expect(wrap("a-very-long-word it is", 5)).toEqual(["a-very-long-word", "it is"]);
  expect(hanging("aaaaaaaaaa bbbbbbbbbb cc", 4, 24)).toEqual(["aaaaaaaaaa", "    bbbbbbbbbb cc"]);
  expect(hanging("no terminal, so no width", 4, undefined)).toEqual(["no terminal, so no width"]);
});
