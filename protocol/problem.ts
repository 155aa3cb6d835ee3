import { z } from 'zod'

/**
 * Every error the HTTP API answers, by its stable code. The answer is a problem document (RFC 9457) whose `detail`
 * says what to do.
 */
export const problems = {
  bad_request: { status: 400, title: 'The request is not valid' },
  malformed_json: { status: 400, title: 'The body is not valid JSON' },
  bad_arguments: { status: 400, title: 'The task takes other arguments' },
  unauthorized: { status: 401, title: 'Sign in first' },
  wrong_credentials: { status: 401, title: 'Wrong e-mail or password' },
  wrong_password: { status: 401, title: 'Wrong password' },
  invalid_token: { status: 401, title: 'The token is not valid' },
  code_required: { status: 401, title: 'A code is needed as well' },
  wrong_code: { status: 401, title: 'Wrong code' },
  forbidden: { status: 403, title: 'Not allowed' },
  wrong_origin: { status: 403, title: 'The request does not come from a page of this server' },
  second_factor_required: { status: 403, title: 'Set up a second factor first' },
  account_disabled: { status: 403, title: 'The account is disabled' },
  request_timeout: { status: 408, title: 'The request took too long' },
  not_found: { status: 404, title: 'Not found' },
  unknown_channel: { status: 404, title: 'No namespace for this channel' },
  unknown_code: { status: 404, title: 'Unknown code' },
  unknown_client: { status: 404, title: 'No such connection' },
  unknown_device: { status: 404, title: 'Unknown device' },
  unknown_command: { status: 404, title: 'Unknown command' },
  unknown_task: { status: 404, title: 'No task of this name' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  already_exists: { status: 409, title: 'It exists already' },
  setup_done: { status: 409, title: 'Set-up is done' },
  enrolment_decided: { status: 409, title: 'The code has been used' },
  task_exists: { status: 409, title: 'The id belongs to another task' },
  task_ended: { status: 409, title: 'The task has ended' },
  task_not_ended: { status: 409, title: 'The task has not ended' },
  setup_link_invalid: { status: 410, title: 'The set-up link is no longer valid' },
  reset_link_invalid: { status: 410, title: 'The link is no longer valid' },
  expired_code: { status: 410, title: 'The code has expired' },
  payload_too_large: { status: 413, title: 'Too large' },
  upgrade_required: { status: 426, title: 'A WebSocket is wanted here' },
  headers_too_large: { status: 431, title: 'Too many or too large headers' },
  authorization_pending: { status: 400, title: 'Nobody has approved the code yet' },
  slow_down: { status: 400, title: 'Asking too often' },
  access_denied: { status: 400, title: 'The enrolment was refused' },
  expired_token: { status: 400, title: 'The enrolment code has expired' },
  rate_limited: { status: 429, title: 'Too many attempts' },
  too_many_commands: { status: 429, title: 'Too many commands are under way' },
  too_many_tasks: { status: 429, title: 'Too many unfinished tasks' },
  internal: { status: 500, title: 'Something went wrong on the server' },
  unavailable: { status: 503, title: 'Not available now' },
} as const satisfies Record<string, { status: number; title: string }>

export type ProblemCode = keyof typeof problems

/** A problem document. `errors` names each invalid field of a `bad_request`. */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string(),
  detail: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
})
export type Problem = z.infer<typeof problem>

/** One that this server answers. */
export type OwnProblem = Problem & { readonly code: ProblemCode }

/** `detail` is a sentence that says what to do. */
export function problemDocument(code: ProblemCode, detail: string, errors?: Problem['errors']): OwnProblem {
  const { status, title } = problems[code]
  return { type: 'about:blank', title, status, code, detail, ...(errors === undefined ? {} : { errors }) }
}
