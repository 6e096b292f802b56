// Cuts a VPC's block into sixteen equal parts: eight for public subnets, eight for private ones.

/** Of public subnets, and of private ones. */
export const subnetsOfKind = 8;

/**
 * A zone's place in either eight: by its letter, so that its block depends on no other zone, nor on their order. `eu-central-1c` → 2; AWS
 * has named no zone of a region beyond `f`.
 */
export const placeOfZone = (zone: string): number => zone.charCodeAt(zone.length - 1) - "a".charCodeAt(0);

/** The part at 0..15 of an aligned block: `10.80.0.0/16`, 1 → `10.80.16.0/20`. */
export function partOf(cidr: string, at: number): string {
  const [address = "", size = ""] = cidr.split("/");
  const bits = Number(size) + 4;
  const base = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0) + at * 2 ** (32 - bits);
  return `${[24, 16, 8, 0].map((shift) => Math.floor(base / 2 ** shift) % 256).join(".")}/${bits}`;
}
