// A state of the model as a row of small numbers: what each cell and each bit of it means.

/** A state: one block of cells an instance, then one cell a process, the job, and what may still go wrong. */
export type Row = Int32Array;

/** Some bits of a cell. */
export interface Field {
  readonly at: number;
  readonly shift: number;
  readonly mask: number;
}

/** Fields of one cell, laid one after another by their widths in bits. */
const cell = <Name extends string>(at: number, widths: Record<Name, number>): Record<Name, Field> => {
  let shift = 0;
  const fields = {} as Record<Name, Field>;
  for (const name of Object.keys(widths) as Name[]) {
    fields[name] = { at, shift, mask: (1 << widths[name]) - 1 };
    shift += widths[name];
  }
  if (shift > 30) throw new Error(`cell ${at} has ${shift} bits`);
  return fields;
};

/** Cells of an instance's block that hold a whole number: ids of interned records and writes. */
export const cells = { record: 0, sight: 1, flight: 2, host: 3, machine: 4 } as const;
const block = 5;

/** What is on the machine, and what its agent is at. Root 0 = no runner root. */
export const host = cell(cells.host, {
  root: 3,
  rootRun: 2,
  configured: 1,
  /** 0 none, 1 online, 2 exited. */
  listener: 2,
  /** A job of `rootRun` runs. */
  job: 1,
  prepared: 1,
  /** 0 none, 1 begins to register, 2 is known to GitHub, 3 resumes, 4 stops. */
  task: 3,
  taskFor: 3,
  taskRun: 2,
  failed: 1,
  /** The signal that it has read is its own word, not one of an agent before it. */
  mine: 1,
  /** The agent does not reach the table. */
  cut: 1,
  /** The agent may crash once more. */
  mayCrash: 1,
});

export const machine = cell(cells.machine, {
  /** 0 not launched, 1 up, 2 asked to end, 3 ended. */
  ec2: 2,
  /** The threshold of the state that it is in, or was condemned in, has passed. */
  ripe: 1,
  /** A fault of the machine. */
  died: 1,
  /** Powered off by its agent. */
  selfEnded: 1,
  /** The boot limit has passed without a record. */
  bootLate: 1,
  /** The last assignment whose listener was online. */
  served: 3,
  /** A bit an assignment: GitHub knows its runner. */
  known: 8,
  /** Who has launched it (`launcherOf`), while it has no record. */
  launcher: 5,
  /** Its root is somebody else's: what it says proves nothing, and no promise is made of it but that it ends. */
  taken: 1,
});

export const task = { none: 0, begins: 1, known: 2, resumes: 3, stops: 4 } as const;
export const ec2 = { none: 0, up: 1, ending: 2, ended: 3 } as const;
export const listener = { none: 0, online: 1, exited: 2 } as const;
/** Where the one job stands. */
export const jobIs = { none: 0, queued: 1, running: 2, over: 3 } as const;

/** Where in a row what begins. */
export interface Layout {
  readonly instances: number;
  readonly block: number;
  /** A cell a process: where its code stands. */
  readonly places: number;
  readonly job: number;
  readonly budgets: number;
  readonly length: number;
}

export const layoutOf = (instances: number, processes: number, faults: number): Layout => {
  const places = instances * block;
  const job = places + processes;
  return { instances, block, places, job, budgets: job + 1, length: job + 1 + faults };
};

export const get = (row: Row, base: number, { at, shift, mask }: Field): number =>
  ((row[base + at] as number) >> shift) & mask;

export function put(row: Row, base: number, { at, shift, mask }: Field, value: number): void {
  const here = base + at;
  row[here] = ((row[here] as number) & ~(mask << shift)) | (value << shift);
}
