// The Node that the command line runs on: older ones load it, and then fail somewhere in the middle.

/** The first version that is maintained and has what is used; `engines` of package.json says the same (a test compares). */
export const oldestNode = "22.18";

/** Undefined where the version (`22.18.0`) will do. */
export function problemOfNode(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [least = 0, leastMinor = 0] = oldestNode.split(".").map(Number);
  if (major > least || (major === least && minor >= leastMinor)) return undefined;
  return `runpool needs Node ${oldestNode} or newer; this is ${version}`;
}
