import type { ServerResponse } from 'node:http'
import { type ProblemCode, problems } from '#protocol/problem.ts'

export function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(status === 204 ? undefined : JSON.stringify(body))
}

export function sendProblem(response: ServerResponse, code: ProblemCode, detail: string): void {
  const { status, title } = problems[code]
  send(response, status, { type: 'about:blank', title, status, code, detail })
}
