/**
 * How long what is waited for may take, unless its time is the point: on a busy machine anything may take seconds, and
 * a wait that gives up early says that the product is wrong where the machine is slow.
 */
export const patienceMs = 20_000
