import fastify from 'fastify'
import { expect, test } from 'vitest'
import { noteRoutes } from './route-table.ts'

test.each([
  ['/things', ['GET', 'HEAD', 'POST']],
  ['/things/7', ['GET', 'HEAD', 'DELETE', 'PUT']],
  ['/things/new', ['POST', 'GET', 'HEAD', 'DELETE', 'PUT']],
  ['/things/7/parts', []],
  ['/things/', []],
  ['/files/a', []],
  ['/', []],
])('of %s the methods are known', (path, methods) => {
  const app = fastify()
  const table = noteRoutes(app)
  const answer = async () => ''
  app.get('/things', answer).post('/things', answer).post('/things/new', answer)
  app.get('/things/:id', answer).delete('/things/:id', answer).put('/things/:id', answer)
  app.get('/files/*', answer)
  expect(new Set(table.methodsAt(path))).toEqual(new Set(methods))
})
