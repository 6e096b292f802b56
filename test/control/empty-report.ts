// What refresh reports that has found nothing and done nothing.
export const emptyReport = {
  states: {},
  findings: [],
  ghosts: [],
  configurations: [],
  requeued: 0,
  floor: { extended: 0, created: 0 },
  reruns: [],
  unservable: [],
  retired: [],
  tokens: { renewed: [], problems: [] },
  damaged: [],
  brakes: [],
  problems: [],
  records: [],
};
