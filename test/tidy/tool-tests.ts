// Prints the test files that ask whether programs are here: what .ci/newcomer.sh runs on a machine that has few.
import { toolTests } from "./started-programs.ts";

for (const path of toolTests()) console.log(path);
