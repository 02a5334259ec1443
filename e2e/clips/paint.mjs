// What a test picture shows, as source text to be put into a page.
//
// `bars(context, width, height, number)` paints a number from 0 to 65535 as twenty bars of equal
// width in the lowest quarter of the picture, white for 1 and black for 0: 1, 0 (so that a plain
// picture is no number), sixteen bits with the highest first, and the count of ones among them modulo 4
// in two bits. node/bot/number.go reads it. At a width of 320 a bar is one macroblock wide.
//
// `paint(context, width, height, number, count)` paints a whole picture of a loop of `count` pictures.

export const bars = `
function bars(context, width, height, number) {
  let bits = number.toString(2).padStart(16, '0')
  const ones = [...bits].filter((bit) => bit === '1').length % 4
  bits = '10' + bits + ones.toString(2).padStart(2, '0')
  const top = height - Math.floor(height / 4)
  ;[...bits].forEach((bit, i) => {
    const left = Math.round((i * width) / bits.length)
    context.fillStyle = bit === '1' ? '#fff' : '#000'
    context.fillRect(left, top, Math.round(((i + 1) * width) / bits.length) - left, height - top)
  })
}
`

export const paint = `
function paint(context, width, height, number, count) {
  const turn = (2 * Math.PI * number) / count
  const sky = context.createLinearGradient(0, 0, 0, height * 0.75)
  sky.addColorStop(0, '#123a5a')
  sky.addColorStop(1, '#e8a87c')
  context.fillStyle = sky
  context.fillRect(0, 0, width, height)
  context.fillStyle = '#fff3d6'
  context.beginPath()
  context.arc(width * (0.5 + 0.36 * Math.sin(turn)), height * (0.32 - 0.14 * Math.cos(2 * turn)), height * 0.1, 0, 2 * Math.PI)
  context.fill()
  context.fillStyle = '#1d4d4f'
  context.beginPath()
  context.moveTo(0, height * 0.75)
  for (let x = 0; x <= 1.001; x += 0.05) {
    context.lineTo(width * x, height * (0.62 + 0.05 * Math.sin(9 * x + turn)))
  }
  context.lineTo(width, height * 0.75)
  context.fill()
  bars(context, width, height, number)
}
`
