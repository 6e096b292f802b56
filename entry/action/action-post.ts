// The action's post step (action.yml): runs whatever became of the main one, also after it was killed.
import { actPost } from "./act.ts";

process.exitCode = await actPost(process.env);
