// Run before the npm scripts: says plainly when Node is too old to run TypeScript, instead of failing on the first import.
"use strict";

const [major, minor] = process.versions.node.split(".").map(Number);
const runsTypeScript = major > 23 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18);
if (!runsTypeScript) {
  console.error(
    `runpool needs Node 22.18 or newer; this is ${process.version} (${process.execPath}).\n` +
      "`npm ci` brings a newer one along as an optional package for Linux and macOS, on x64 and arm64: was it left out (--omit=optional)?",
  );
  process.exitCode = 1;
}
