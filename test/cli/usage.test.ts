// The command line's manners, without any cloud: help, mistakes and their nearest right word, exit codes, completion.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { commands } from "../../entry/cli/commands.ts";
import { distance, nearest } from "../../domain/nearest.ts";
import { terminalOn } from "../../entry/words/terminal.ts";
import { version } from "../../domain/version.ts";
import { needs } from "../tools.ts";
import { inProcess, start } from "./bench.ts";

const run = (...args: readonly string[]) => start(args).ended;

describe("help", () => {
  test("names every command and every exit code, within 80 columns and without colour codes", async () => {
    const { code, out, err } = await run("--help");
    expect([code, err]).toEqual([0, ""]);
    for (const { name } of commands) expect(out).toMatch(new RegExp(`^  ${name} +\\w`, "m"));
    for (const word of ["0  ", "1  ", "2  ", "3  ", "130"]) expect(out).toMatch(new RegExp(`^  ${word} `, "m"));
    expect(out.split("\n").filter((line) => line.length > 80)).toEqual([]);
    expect(out).not.toContain("\u001b");
  });

  test("of each command has its options, examples and exit codes, within 80 columns", async () => {
    const all = await Promise.all(commands.map(async (one) => ({ one, ...(await inProcess(["help", one.name])) })));
    for (const { one, code, out } of all) {
      expect([one.name, code]).toEqual([one.name, 0]);
      for (const { name, secret } of one.options) if (secret !== true) expect(out).toContain(`--${name}`);
      expect(out).toContain("Examples\n  ");
      expect(out).toContain("Exit codes\n");
      expect(out.split("\n").filter((line) => line.length > 80 && !line.startsWith("  runpool"))).toEqual([]);
    }
  });

  test("keeps within a narrow terminal", async () => {
    for (const args of [["--help"], ["help", "provision"], ["help", "release"]]) {
      const { out } = await inProcess([...args, "--no-color"], {}, 60);
      expect(out.split("\n").filter((line) => line.length > 60 && !line.startsWith("  runpool"))).toEqual([]);
    }
  });

  test("is the same by help, --help and -h, wherever it stands", async () => {
    const [first, ...others] = await Promise.all([
      inProcess(["help", "release"]),
      inProcess(["release", "--help"]),
      inProcess(["release", "-h"]),
      inProcess(["-e", "dev", "release", "--run-id", "1", "--help"]),
    ]);
    for (const other of others) expect(other).toEqual(first);
  });

  test("without a command goes to stderr, and is a mistake", async () => {
    const { code, out, err } = await run();
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain("Usage  runpool <command>");
  });

  test("never shows a secret as a flag", async () => {
    const { out } = await inProcess(["help", "refresh"]);
    expect(out).toContain("GITHUB_TOKEN");
    expect(out).not.toContain("--github-token");
    const given = await inProcess(["refresh", "--github-token", "ghp_x"]);
    expect([given.code, given.err]).toEqual([2, expect.stringContaining("set GITHUB_TOKEN")]);
  });
});

test("version says what is built, alone or as JSON", async () => {
  const [word, flag, json] = await Promise.all([run("version"), run("--version"), run("version", "--json")]);
  expect([word.out, flag.out]).toEqual([`${version}\n`, `${version}\n`]);
  expect(JSON.parse(json.out)).toMatchObject({ version });
});

describe("mistakes exit 2 and name what would be right", () => {
  test.each([
    [["prvision"], 'runpool: unknown command "prvision"; did you mean "provision"?'],
    [["xyzzy"], 'runpool: unknown command "xyzzy"\n'],
    [
      ["provision", "--instance-cuont", "3"],
      'runpool: unknown option "--instance-cuont" for "provision"; did you mean "--instance-count"?',
    ],
    [["provision", "--clas", "x"], 'did you mean "--resource-class" or "--usage-class"?'],
    [["provision", "--types", "m5.*"], 'did you mean "--allowed-instance-types"?'],
    [["provision", "--max-runtime", "5"], 'did you mean "--max-runtime-min"?'],
    [["provision", "--runtime", "5"], 'did you mean "--max-runtime-min"?'],
    [["provision", "--spot"], 'did you mean "--usage-class spot"?'],
    [["status", "--aws-region", "eu-west-1"], 'did you mean "--region"?'],
    [["status", "-json"], 'runpool: unknown option "-json"; did you mean "--json"?\nSee'],
    [["-environment", "dev", "status"], 'runpool: unknown option "-environment"; did you mean "--environment"?\nSee'],
    [["release", "--dry-run"], 'runpool: unknown option "--dry-run" for "release"\n'],
    [["status", "now"], 'runpool: unexpected argument "now": "status" takes no arguments'],
    [["release", "--run-id"], "runpool: --run-id needs a value: --run-id ID"],
    [
      ["provision", "--labels", "--fallback"],
      "runpool: --labels needs a value: --labels LABELS (or --labels=--fallback)",
    ],
    [["status", "--json=yes"], "runpool: --json takes no value"],
    [["status", "-e", "a", "-e", "b"], "runpool: -e is given more than once"],
    [["release"], "runpool: --run-id is missing: give --run-id ID, or set GITHUB_RUN_ID"],
    [["release", "--run-id", "x1"], 'runpool: --run-id is "x1"; it is GitHub\'s run_id, a whole number'],
    [["release", "--run-id", "1", "--github"], "runpool: --github needs a token: set GITHUB_TOKEN"],
    [["retire"], "runpool: instance is missing: runpool retire <instance>"],
    [["completion"], "runpool: shell is missing: runpool completion <shell>, one of bash, zsh, fish"],
    [["retire", "1001"], 'runpool: instance is "1001"; it is an EC2 instance id, e.g. i-0123456789abcdef0'],
    [["instances", "--state", "busy"], 'runpool: --state is "busy"; it is created, claimed, running, idle'],
    [["completion", "powershell"], 'runpool: shell is "powershell"; it is bash, zsh, fish'],
    [["pause", "--reason", "  "], "say why, in at most 500 characters: it is shown to everyone whose provision fails"],
    [["drain"], "runpool: drain needs --all: it ends every instance of the environment"],
    [["status"], "runpool: --environment is missing: give --environment NAME, or set RUNPOOL_ENVIRONMENT"],
    [["status", "-e", "Dev", "--region", "eu-west-1"], 'runpool: -e is "Dev"; it is 1-20 of a-z, 0-9 and "-"'],
    [
      ["status", "-e", "dev", "--region", "here"],
      'runpool: --region is "here"; it is an AWS region, e.g. eu-central-1',
    ],
  ])("%j", async (args, message) => {
    const { code, out, err } = await inProcess(args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(message);
  });

  test("a value that came from a variable is named by the variable", async () => {
    const { code, err } = await inProcess(["release"], { GITHUB_RUN_ID: "seven" });
    expect([code, err]).toEqual([2, expect.stringContaining('GITHUB_RUN_ID is "seven"; it is GitHub')]);
  });

  test("an empty variable is an absent one", async () => {
    const { err } = await inProcess(["release"], { GITHUB_RUN_ID: "" });
    expect(err).toContain("--run-id is missing");
  });

  test("with --json the error is one object on stdout, too", async () => {
    const { code, out } = await inProcess(["prvision", "--json"]);
    expect(code).toBe(2);
    expect(JSON.parse(out)).toEqual({
      error: { kind: "bad-input", problems: ['unknown command "prvision"; did you mean "provision"?'] },
      exitCode: 2,
    });
  });
});

test("a service that is out of reach exits 3 and says so", async () => {
  const { code, err } = await start(["status", "-e", "dev", "--region", "eu-west-1"], {
    AWS_ENDPOINT_URL: "http://127.0.0.1:9",
    AWS_ACCESS_KEY_ID: "x",
    AWS_SECRET_ACCESS_KEY: "y",
  }).ended;
  expect(code).toBe(3);
  expect(err).toContain("ECONNREFUSED");
  expect(err).toContain("then run the command again");
});

test("nearest: a slip, two letters exchanged, a beginning; and nothing for another word", () => {
  const names = commands.map(({ name }) => name);
  expect(
    ["relase", "staus", "stauts", "prov", "conf", "dran", "log", "evnts"].map((word) => nearest(word, names)),
  ).toEqual(["release", "status", "status", "provision", "config", "drain", "logs", "events"]);
  expect(["re", "kubernetes", "x", ""].map((word) => nearest(word, names))).toEqual(Array(4).fill(undefined));
  expect([distance("ab", "ba"), distance("", "abc"), distance("kitten", "sitting")]).toEqual([1, 3, 3]);
});

test("colour is for terminals only, and NO_COLOR, --no-color and a dumb one are obeyed", async () => {
  const coloured = async (args: readonly string[], variables = {}, columns: number | undefined = 80) =>
    (await inProcess(args, variables, columns)).out.includes("\u001b[");
  expect(await coloured(["--help"])).toBe(true);
  expect(await coloured(["--help"], { NO_COLOR: "" })).toBe(true);
  expect(await coloured(["--help"], { NO_COLOR: "1" })).toBe(false);
  expect(await coloured(["--help"], { TERM: "dumb" })).toBe(false);
  expect(await coloured(["--help", "--no-color"])).toBe(false);
  // Nor is a dumb one's cursor moved: what goes on is told in lines there.
  const tty = { isTTY: true, columns: 80, write: () => true };
  const terminalOf = (TERM: string) => terminalOn({ stdout: tty, stderr: tty }, { TERM }, false).err.terminal;
  expect(["xterm", "dumb"].map(terminalOf)).toEqual([true, false]);
});

describe("completion", () => {
  const complete = async (...words: readonly string[]): Promise<readonly string[]> => {
    const { out } = await inProcess(["completion", "bash"]);
    const script = `${out}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}; _runpool; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, status } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
    expect(status).toBe(0);
    return stdout.split("\n").filter((line) => line !== "");
  };

  test("bash completes commands, a command's own options, an option's choices, and nothing where a value is free", async () => {
    expect(await complete("runpool", "re")).toEqual(["release", "refresh", "retire", "resume"]);
    expect(await complete("runpool", "refresh", "--d")).toEqual(["--dry-run"]);
    expect(await complete("runpool", "provision", "--usage-class", "s")).toEqual(["spot"]);
    expect(await complete("runpool", "release", "--run-id", "")).toEqual([]);
    expect(await complete("runpool", "completion", "z")).toEqual(["zsh"]);
    expect(await complete("runpool", "-e", "dev", "stat")).toEqual(["status"]);
    expect(await complete("runpool", "l")).toEqual(["logs", "local"]);
    expect(await complete("runpool", "events", "--")).toContain("--since");
    expect(await complete("runpool", "retire", "x")).toEqual([]);
  });

  test("fish completes a command behind options too, an option's choices alone, and a path where one is meant", async (context) => {
    const shell = "fish";
    needs(context, shell);
    const { out } = await inProcess(["completion", "fish"]);
    const folder = mkdtempSync(join(tmpdir(), "completion-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const script = join(folder, "runpool.fish");
    writeFileSync(script, out);
    const offered = (line: string): readonly string[] => {
      const asked = `source ${script}; complete -C ${JSON.stringify(line)}`;
      const { stdout } = spawnSync(shell, ["--no-config", "-c", asked], { encoding: "utf8" });
      return stdout.split("\n").flatMap((one) => (one === "" ? [] : [one.split("\t")[0] ?? ""]));
    };
    expect(offered("runpool -e dev stat")).toEqual(["status"]);
    expect(offered("runpool --js")).toEqual(["--json"]);
    expect(offered("runpool provision --usage-class ")).toEqual(["on-demand", "spot"]);
    expect(offered("runpool release --run-id ")).toEqual([]);
    expect(offered("runpool ami bake --agent packag")).toContain("package.json");
  });

  test("zsh knows an option's short form, so that what follows one is still completed", async () => {
    const { out } = await inProcess(["completion", "zsh"]);
    expect(out).toContain("'(-e --environment)'{-e,--environment}'[name of the deployed environment]:NAME:'");
    expect(out).toContain("_arguments -C -A '-*' ");
  });

  test.for(["zsh", "fish"])("the script for %s is one that it can read", async (shell, context) => {
    const { code, out } = await inProcess(["completion", shell]);
    expect(code).toBe(0);
    for (const { name } of commands) expect(out).toContain(name);
    needs(context, shell);
    const folder = mkdtempSync(join(tmpdir(), "completion-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const read = (text: string) => {
      writeFileSync(join(folder, "script"), text);
      const { status, stderr } = spawnSync(shell, ["-n", join(folder, "script")], { encoding: "utf8" });
      return [status, stderr];
    };
    expect(read(out)).toEqual([0, ""]);
    expect(read(`${out}\nif true`), "a script that it cannot read").not.toEqual([0, ""]);
  });
});
