// Mermaid diagrams, as strictly as this project writes them: what is not of these few forms is a problem, though Mermaid may know it.
import { life, type Move } from "../../domain/instance.ts";
import { signalRank, states } from "../../domain/record.ts";

const isMove = (name: string): name is Move => Object.hasOwn(life, name);
const isState = (name: string): boolean => (states as readonly string[]).includes(name);

/** `create (none → created)`: whether the life table has it so. `condemn` stands for its kinds. */
function problemOfMove(name: string, from: string, to: string): readonly string[] {
  const rows = Object.entries(life).filter(
    ([move]) => move === name || (name === "condemn" && move.startsWith("condemn-")),
  );
  if (rows.length === 0) return [`${name} is not a move`];
  const made = rows.some(
    ([, row]) => row.from.some((one) => one === from) && (row.to === "same" ? from : row.to) === to,
  );
  return made ? [] : [`no ${name} leads from ${from} to ${to}`];
}

const arrow = /^(\w+|\[\*\]) --> (\w+|\[\*\])(?:: (.+))?$/;

function* problemsOfStates(lines: readonly string[]): Generator<string> {
  for (const line of lines) {
    const [, from = "", to = "", label] = arrow.exec(line) ?? [];
    if (from === "") yield `"${line}" is not an arrow`;
    for (const state of [from, to])
      if (state !== "" && state !== "[*]" && !isState(state)) yield `${state} is not a state`;
    if (to === "[*]" || from === "") continue;
    // `condemn (expired, gone)` and `a<br>b` are the generated page's short forms.
    for (const name of (label ?? "no label").replace(/ \(.*\)$/, "").split("<br>"))
      yield* problemOfMove(name, from === "[*]" ? "none" : from, to);
  }
}

const message = /^(\w+)(->>|-->>)(\w+): (.+)$/;

/** What a message or a note says of moves, signals and wishes. */
function* problemsOfWords(text: string): Generator<string> {
  // A semicolon ends a statement, and a hash begins an entity.
  if (/[;#]/.test(text)) yield `"${text}" has a sign that ends it for Mermaid`;
  for (const [, name = "", from = "", to = ""] of text.matchAll(/([\w-]+) \((\w+) → (\w+)/g))
    yield* problemOfMove(name, from, to);
  for (const [, kind = ""] of text.matchAll(/\bsignal ([\w-]+)/g))
    if (!Object.hasOwn(signalRank, kind)) yield `${kind} is not a signal`;
  for (const [, wanted = ""] of text.matchAll(/\bwanted: (\w+)/g))
    if (wanted !== "serve" && wanted !== "leave") yield `unknown wanted: ${wanted}`;
  for (const [name] of text.matchAll(/\b(?:condemn|park|extend|ask)-[\w-]+/g))
    if (!isMove(name)) yield `${name} is not a move`;
}

function* problemsOfSequence(lines: readonly string[]): Generator<string> {
  const parties = new Set<string>();
  let open = 0;
  for (const line of lines) {
    const [, party] = /^participant (\w+) as .+$/.exec(line) ?? [];
    const [, from, , to, said] = message.exec(line) ?? [];
    const [, over, note] = /^Note over ([\w, ]+): (.+)$/.exec(line) ?? [];
    const [, inner] = /^(?:par|and)(?: (.+))?$/.exec(line) ?? [];
    if (party !== undefined) parties.add(party);
    else if (line === "end") open--;
    else if (/^(par|and)\b/.test(line)) {
      open += line.startsWith("par") ? 1 : 0;
      if (open < 1) yield `"${line}" stands in no par`;
      yield* problemsOfWords(inner ?? "");
    } else {
      const named = [from, to, ...(over?.split(/, */) ?? [])].filter((one) => one !== undefined);
      if (named.length === 0) yield `"${line}" is not a message`;
      for (const one of named) if (!parties.has(one)) yield `${one} is not a participant`;
      yield* problemsOfWords(said ?? note ?? "");
    }
  }
  if (open !== 0) yield "a par has no end, or an end no par";
}

/** What is wrong with a diagram, one line each. */
export function problemsOfDiagram(text: string): readonly string[] {
  const [kind, ...lines] = text.split("\n").map((line) => line.trim());
  const body = lines.filter((line) => line !== "");
  if (kind === "stateDiagram-v2") return [...problemsOfStates(body)];
  if (kind === "sequenceDiagram") return [...problemsOfSequence(body)];
  return [`${kind ?? ""} is a kind of diagram that has no check`];
}
