// Lambda's runtime interface, in as little as it takes: less than Lambda's own client does.

const http = require('node:http')

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':')
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
const base = '/2018-06-01/runtime/invocation'

function ask (method, path, body) {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
    const request = http.request({ host, port, method, path, agent, headers }, (response) => {
      const chunks = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(chunks).toString() }))
    })
    request.on('error', reject)
    request.end(body)
  })
}

exports.run = async function (handler) {
  for (;;) {
    const { headers, body } = await ask('GET', `${base}/next`)
    const id = headers['lambda-runtime-aws-request-id']
    try {
      await ask('POST', `${base}/${id}/response`, JSON.stringify(await handler(JSON.parse(body))))
    } catch (error) {
      await ask('POST', `${base}/${id}/error`, JSON.stringify({ errorMessage: String(error) }))
    }
  }
}
