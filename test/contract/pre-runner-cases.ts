// The pre-runner script on any host: whatever it holds, its own exit code and its own last lines.

interface PreRunnerCase {
  readonly name: string;
  readonly script: string;
  /** 124: stopped at the host's limit. */
  readonly code: number;
  readonly lastLines: readonly string[];
  /** How many lines it says; absent: its last lines are all. */
  readonly said?: number;
}

const numbers = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from + 1 }, (_none, index) => String(from + index));

/** For `slow` the host's limit is short. */
export const preRunnerCases: readonly PreRunnerCase[] = [
  {
    name: "quotes",
    script: `cat <<'EOF'\n"it's" $HOME \\n \`x\` %s\nEOF\necho EOF`,
    code: 0,
    lastLines: [`"it's" $HOME \\n \`x\` %s`, "EOF"],
  },
  {
    name: "windows",
    script: "\uFEFF#!/bin/bash\r\nif true; then\r\n  echo good\r\nfi",
    code: 0,
    lastLines: ["good"],
  },
  { name: "plain", script: "echo no first line", code: 0, lastLines: ["no first line"] },
  { name: "long", script: `${": 'padding padding padding'\n".repeat(4_000)}echo end`, code: 0, lastLines: ["end"] },
  { name: "empty", script: " \n", code: 0, lastLines: [] },
  { name: "fails", script: "echo why; exit 3", code: 3, lastLines: ["why"] },
  { name: "masked", script: "set -e\nfalse\necho never", code: 1, lastLines: [] },
  { name: "killed", script: "kill -KILL $$", code: 137, lastLines: [] },
  { name: "many", script: "seq 1 50; exit 1", code: 1, lastLines: numbers(31, 50), said: 50 },
  { name: "chatty", script: "seq 1 20000; exit 5", code: 5, lastLines: numbers(19_981, 20_000), said: 20_000 },
  { name: "slow", script: "echo begun; sleep 300 & sleep 300", code: 124, lastLines: ["begun"] },
  { name: "daemon", script: "sleep 300 & echo left; disown", code: 0, lastLines: ["left"] },
];
