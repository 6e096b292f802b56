// A soak's last words.
import type { SoakReport } from "./play.ts";

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

export function reportLines(report: SoakReport): readonly string[] {
  const { seed, tally, started, killed, machines, mostProcesses, mostMachines, settledMs, settleLimitMs, problems } =
    report;
  const { workflows, ready, failed, died, jobs, released } = tally;
  const kills = (Object.keys(killed) as (keyof typeof killed)[]).map(
    (kind) => `${kind} ${killed[kind]} of ${started[kind]}`,
  );
  return [
    "",
    `workflows ${workflows}: ${ready} ready, ${failed} failed with a reason, ${died} died; jobs done ${jobs}; released ${released}`,
    `killed by kill -9: ${kills.join(", ")}`,
    `machines ${machines} in all, at most ${mostMachines} at once; at most ${mostProcesses} processes at once`,
    `everything had ended ${seconds(settledMs)} after the last workflow (limit ${seconds(settleLimitMs)})`,
    `seed ${seed}: the same seed plans the same workflows and the same kills, not the same interleaving`,
    ...(problems.length === 0
      ? ["Nothing is left, and nothing happened that must not."]
      : ["This did not hold:", ...problems.map((problem) => `- ${problem}`)]),
  ];
}
