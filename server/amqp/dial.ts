import { type ChannelModel, connect } from 'amqplib'
import { type AmqpTarget, describeAmqp } from '#server/config/amqp.ts'
import { AmqpError, replyCodeOf } from './amqp-error.ts'
import { surviveForeignHeaders } from './foreign-headers.ts'
import { writeTogether } from './write-together.ts'

/** After two of these without a sign of life the other end is given up, in seconds. */
const heartbeatSeconds = 10
const connectTimeoutMs = 10_000

/**
 * Opens one connection. `name` is what RabbitMQ shows for it.
 *
 * @throws AmqpError `away`, `refused`
 */
export async function dial(target: AmqpTarget, name: string): Promise<ChannelModel> {
  const { tls, host, port, username, password, vhost } = target
  try {
    const model = await connect(
      {
        protocol: tls ? 'amqps' : 'amqp',
        // Brackets are for URLs.
        hostname: host.replace(/^\[|\]$/g, ''),
        ...{ port, username, password, heartbeat: heartbeatSeconds },
        // amqplib takes it for percent-encoded.
        vhost: encodeURIComponent(vhost),
      },
      { noDelay: true, timeout: connectTimeoutMs, clientProperties: { connection_name: name } },
    )
    surviveForeignHeaders(model)
    writeTogether(model)
    return model
  } catch (error) {
    throw dialError(target, error)
  }
}

function dialError(target: AmqpTarget, error: unknown): AmqpError {
  const text = error instanceof Error ? error.message || nodeCodeOf(error) : String(error)
  const where = describeAmqp(target)
  if (replyCodeOf(error) === 403 || /403|ACCESS[_-]REFUSED/.test(text)) {
    const sentence = `RabbitMQ at ${where} does not let Carillon in (${text}). Correct user, password and virtual host in amqp_url.`
    return new AmqpError('refused', sentence, { cause: error })
  }
  if (/530|NOT_ALLOWED/.test(text)) {
    const sentence = `RabbitMQ at ${where} has no such virtual host, or not for this user (${text}). Correct amqp_url.`
    return new AmqpError('refused', sentence, { cause: error })
  }
  const sentence = `RabbitMQ at ${where} does not answer (${text}). Start it, or correct amqp_url.`
  return new AmqpError('away', sentence, { cause: error })
}

/** Where a name has several addresses, what went wrong with each has no message of its own. */
function nodeCodeOf(error: Error): string {
  return 'code' in error ? String(error.code) : error.name
}
