// Readable random room names: a quality, an animal, a place by the water. About 90 of each, 787,000 names.

const qualities = `able airy amber ample arctic azure bold bonny brave breezy bright brisk bronze busy calm candid
cheery clear clever cobalt cool copper coral cosy crisp curious daring dawn deft eager early easy fair famous fancy fast
fine fleet fond free fresh gentle giddy glad golden good grand green happy hardy hazel hearty honest humble ivory jade
jolly keen kind late light lively loyal lucid lucky lunar mellow merry mild misty modest neat nimble noble olive patient
placid plucky polite proud quick quiet ready rosy royal rustic sage scarlet serene silver simple sleek`;

const animals = `albatross alpaca badger bear beaver bee beetle bison bittern buzzard camel canary cat cheetah cod
condor coot crab crane cricket crow curlew deer dolphin dove duck eagle eel egret elk falcon ferret finch firefly fox
frog gannet gecko goose grouse gull hare hawk hedgehog heron hoopoe horse ibex ibis jackdaw jay kestrel kite koala
ladybird lark lemur linnet llama lynx magpie mallard marmot marten mole moose moth mouse newt orca osprey otter owl
oyster panda parrot pelican penguin perch petrel pigeon pike plover pony puffin quail rabbit raven robin salmon seal
shrew snail`;

const places = `anchor arch atoll bank bay beach beacon bight bluff boathouse breakwater bridge brook buoy canal cape
causeway channel cliff coast cove creek current dale delta dock dune eddy estuary falls fen ferry firth fjord
ford glade glen gulf harbour haven headland hill inlet island isle isthmus jetty knoll lagoon lake landing ledge
lighthouse loch lock marina marsh meadow mere mill moor mooring mouth narrows oasis pass peninsula pier pond pool port
quay rapids reef ridge river rock sandbar shallows shoal shore slipway sound spit spring strait strand stream summit
swell tarn tide`;

/** The words, one list for each place in a name. */
export const lists: readonly (readonly string[])[] = [qualities, animals, places].map((list) => list.trim().split(/\s+/));

/** A new name, like "quiet-otter-harbour". */
export function randomRoom(): string {
  const dice = crypto.getRandomValues(new Uint32Array(lists.length));
  return lists.map((list, at) => list[(dice[at] ?? 0) % list.length]).join('-');
}
