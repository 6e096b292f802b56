// The action's main step (action.yml).
import { act } from "./act.ts";

process.exitCode = await act(process.env);
