/**
 * What the product's own RPC methods answer when they refuse. The last three digits are those of the HTTP status where the
 * same is asked over HTTP, as far as that tells them apart.
 */
export const rpcErrors = {
  bad_request: 1400,
  bad_arguments: 1401,
  forbidden: 1403,
  not_found: 1404,
  unknown_task: 1405,
  unknown_command: 1406,
  task_exists: 1409,
  task_ended: 1410,
  task_not_ended: 1411,
  too_many_tasks: 1429,
  unavailable: 1503,
} as const

export type RpcErrorName = keyof typeof rpcErrors
