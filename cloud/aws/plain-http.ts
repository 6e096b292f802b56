// One small HTTP request on Node's own client: `fetch` would cost the agent 18 MB of memory.
import { request } from "node:http";

export interface Asked {
  readonly method: "GET" | "PUT";
  readonly headers: Readonly<Record<string, string>>;
}
export interface Answered {
  readonly status: number;
  readonly text: string;
}
export type Ask = (url: string, asked: Asked) => Promise<Answered>;

/** Rejects where there is no whole answer within `limitMs`. */
export const asksWithin =
  (limitMs: number): Ask =>
  (url, { method, headers }) =>
    new Promise((resolve, reject) => {
      const call = request(url, { method, headers, timeout: limitMs }, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (text += chunk));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
        response.on("error", reject);
      });
      call.on("timeout", () => call.destroy(new Error(`no answer within ${limitMs} ms`)));
      call.on("error", reject);
      call.end();
    });
