// One small HTTP request on Node's own client: `fetch` would cost the agent 18 MB of memory.
import { request } from "node:http";

export interface HttpRequest {
  readonly method: "GET" | "PUT";
  readonly headers: Readonly<Record<string, string>>;
}
export interface HttpReply {
  readonly status: number;
  readonly text: string;
}
export type SendRequest = (url: string, asked: HttpRequest) => Promise<HttpReply>;

/** Rejects without a complete reply within `limitMs`. */
export const sendWithin =
  (limitMs: number): SendRequest =>
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
