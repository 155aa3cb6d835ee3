import { Counter, Gauge, type Registry } from 'prom-client'

/** What is measured of RabbitMQ. */
export interface AmqpMetrics {
  /** A message of the queue has been dealt with. `returned`: it went back, as it could not be published now. */
  ingested(outcome: 'published' | 'duplicate' | 'returned'): void
  /** One that never will be published was put aside. */
  dead(reason: string): void
  /** Something that happened here was published there, or was dropped because it could not be in time. */
  outward(outcome: 'published' | 'dropped'): void
  /** Whether RabbitMQ is there, asked at each reading. */
  watch(isUp: () => boolean): void
}

export function createAmqpMetrics(registers: Registry[]): AmqpMetrics {
  const ingested = new Counter({
    name: 'carillon_ingested_total',
    help: 'Messages taken from RabbitMQ, by what became of them.',
    labelNames: ['outcome'],
    registers,
  })
  const dead = new Counter({
    name: 'carillon_ingest_dead_total',
    help: 'Messages from RabbitMQ that were put aside, by reason.',
    labelNames: ['reason'],
    registers,
  })
  const outward = new Counter({
    name: 'carillon_outward_total',
    help: 'What was to be published in RabbitMQ, by what became of it.',
    labelNames: ['outcome'],
    registers,
  })

  return {
    ingested: (outcome) => ingested.inc({ outcome }),
    dead: (reason) => dead.inc({ reason }),
    outward: (outcome) => outward.inc({ outcome }),
    watch(isUp) {
      new Gauge({
        name: 'carillon_rabbitmq_up',
        help: '1 when RabbitMQ is connected and takes messages, else 0.',
        registers,
        // One process that cannot reach it is trouble.
        aggregator: 'min',
        collect() {
          this.set(isUp() ? 1 : 0)
        },
      })
    },
  }
}
