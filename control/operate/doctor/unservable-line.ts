// A queued job that no runner of its run can take, in one line: what it asks for, and what to write instead.
import type { UnservableJob } from "../../runs/rerun.ts";

export const unservableLine = ({ runId, labels, unknown }: UnservableJob): string =>
  `run ${runId}: a job with runs-on: [${labels.join(", ")}] stays queued, because no runner of the run has the label ${unknown.map((label) => `"${label}"`).join(", ")}: write the run's label alone, or with the class, the architecture or a configured label behind it (\${{ github.run_id }}-large)`;
