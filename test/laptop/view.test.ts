// The live view on a fake screen: what is drawn fits 80 columns, what does not fit below is counted, and closing it ends it.
import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { liveView, plainView, type Row } from "../../entry/laptop/view.ts";

const row = (number: number, part: Partial<Row> = {}): Row => ({
  instance: `i-${String(number).padStart(17, "0")}`,
  type: "m6i.large",
  market: "on-demand",
  state: "running",
  run: "1001",
  signal: "registered",
  ...part,
});

/** A terminal of this size under a view whose drawing is called by the test; what stands on it is worked out as a terminal would. */
function terminal(columns: number, rows: number) {
  let written = "";
  let draw: (() => void) | undefined;
  const screen = { columns, rows, write: (text: string) => (written += text) };
  const view = liveView(screen, true, (_, call) => {
    draw = call;
    return () => (draw = undefined);
  });
  const lines = (): readonly string[] => {
    const shown: string[] = [];
    let at = 0;
    for (const line of written.split("\n")) {
      if (line.startsWith("\u001b[J")) shown.splice(at);
      // eslint-disable-next-line no-control-regex -- control characters are what it is about
      at -= Number(/\u001b\[(\d+)A/.exec(line)?.[1] ?? 0);
      expect(at).toBeGreaterThanOrEqual(0);
      shown[at++] = stripVTControlCharacters(line);
    }
    return shown;
  };
  return { view, lines, written: () => written, draw: () => draw?.(), isDrawn: () => draw !== undefined };
}

describe("the live view at 80 columns", () => {
  const long = row(1, {
    type: "u-24tb1.112xlarge",
    run: "12345678901",
    signal: "preparing the machine for its first job",
  });

  test("draws no line over 79, and cuts what is longer with a sign", () => {
    const { view, lines, draw } = terminal(80, 24);
    view.instance(long);
    view.run("1001", "waiting for 3 large instances (x64, on-demand) of the environment laptop to register");
    draw();
    expect(lines().filter((line) => line.length > 79)).toEqual([]);
    expect(lines().filter((line) => line.endsWith("…"))).toEqual([
      expect.stringMatching(/^ {2}i-00000000000000001 .* running /),
      expect.stringMatching(/^ {2}1001 +waiting for 3 large/),
    ]);
  });

  test("shows a whole usual row, each state in its colour", () => {
    const { view, lines, written, draw } = terminal(80, 24);
    view.instance(row(7));
    draw();
    expect(lines()).toContain("  i-00000000000000007 m6i.large     on-demand running     1001  registered");
    expect(written()).toContain("\u001b[32mrunning\u001b[0m");
  });

  test("redraws in place: the newest of each row and run, and nothing where nothing has changed", () => {
    const { view, lines, written, draw } = terminal(80, 24);
    view.instance(row(1, { state: "created", signal: "" }));
    view.run("1001", "provisioning");
    draw();
    view.instance(row(1));
    view.run("1001", "ready");
    draw();
    const before = written();
    draw();
    expect(written()).toBe(before);
    expect(lines().filter((line) => line.includes("i-0"))).toEqual([expect.stringContaining("running")]);
    expect(lines().filter((line) => line.includes("1001  "))).toHaveLength(2);
    expect(lines().join("\n")).not.toMatch(/created|provisioning/);
  });

  test("fits the height: the newest rows are shown and the others counted", () => {
    const { view, lines, draw } = terminal(80, 24);
    for (let number = 1; number <= 40; number++) view.instance(row(number));
    for (const run of ["1001", "1002", "1003"]) view.run(run, "ready");
    draw();
    // One more than what is drawn: the cursor stands below.
    expect(lines().length).toBeLessThanOrEqual(24);
    expect(lines()).toContain("  (24 more)");
    expect(lines().filter((line) => line.startsWith("  i-"))).toHaveLength(16);
    expect(lines().join("\n")).toContain(row(40).instance);
    expect(lines().join("\n")).not.toContain(row(24).instance);
  });

  test("close draws what is newest, says the last words, and draws no more", () => {
    const { view, lines, draw, isDrawn } = terminal(80, 24);
    view.run("1001", "provisioning");
    draw();
    view.run("1001", "released");
    view.close("  5 runs, 8 jobs");
    expect(isDrawn()).toBe(false);
    expect(lines().join("\n")).toMatch(/ {2}1001 {5}released\n\n {2}5 runs, 8 jobs\n$/);
    expect(lines().join("\n")).not.toContain("provisioning");
  });
});

test("the plain view says a row's state once, until it changes", () => {
  const lines: string[] = [];
  const view = plainView(
    (line) => lines.push(line),
    () => 0,
  );
  view.instance(row(1, { state: "idle", signal: "" }));
  view.instance(row(1, { state: "idle", signal: "" }));
  view.instance(row(1));
  expect(lines).toEqual([
    expect.stringMatching(/instance +i-00000000000000001 m6i.large idle$/),
    expect.stringMatching(/instance +i-00000000000000001 m6i.large running, registered$/),
  ]);
});
