// The action's main step (action.yml).
import { act } from "./action/act.ts";

process.exitCode = await act(process.env);
