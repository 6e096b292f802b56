// Durations for people.

const units = [
  { name: "d", ms: 86_400_000 },
  { name: "h", ms: 3_600_000 },
  { name: "m", ms: 60_000 },
  { name: "s", ms: 1000 },
] as const;

/** The largest unit only, cut off: `45s`, `12m`, `3h`, `2d`. For columns. */
export function brief(ms: number): string {
  const unit = units.find((one) => ms >= one.ms) ?? units[3];
  return `${Math.max(0, Math.floor(ms / unit.ms))}${unit.name}`;
}

/** For something in progress, with two units: `45s`, `2m 5s`, `1h 12m`. */
export function elapsed(ms: number): string {
  const at = units.findIndex((one) => ms >= one.ms);
  const [unit, next] = [units[at], units[at + 1]];
  const whole = brief(ms);
  return unit === undefined || next === undefined
    ? whole
    : `${whole} ${Math.floor((ms % unit.ms) / next.ms)}${next.name}`;
}

/** For sentences: `0.4 s`, `41 s`, `2 min 5 s`, `1 h 12 min`. */
export function spoken(ms: number): string {
  if (ms < 9950) return `${Math.max(0, Math.round(ms / 100) / 10)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `1 instance`, `3 instances`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
