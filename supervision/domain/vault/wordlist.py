"""2,048 short plain English words, eleven bits each, to be read aloud and compared.

Written for this. Words that sound like another, or that nobody wants to hear in a session, were
left out. Their order is what two sides agree on: never change it.
"""

_WORDS = """
abbey able about above absent absorb accent accept acid acorn acre across act actor adapt add
adjust admire admit adopt adult advice afford afraid after again agenda agent agile agree ahead
aim air airport alarm album alert alike alive alley allow almond almost alone along aloud alpha
alpine already also amber amount ample amuse anchor ancient angle animal ankle annual answer
anthem antique anvil any apart apex apple apply apricot apron arch arena argue arm armour aroma
around arrange arrive arrow artist aside ask asleep aspen asset assist atlas atom attach attend
attic author autumn avenue avoid awake award aware away awful axis azure baby bacon badge bag
bagel balance balcony ball ballet balloon bamboo banana band banjo banner barber bark barley
barn barrel base basic basil basin basket bath baton battery bay beacon beam bean beauty beaver
become bed bedroom beech beef beehive beetle before begin behave behind being believe bell
belong below bench beneath berry beside best better between beyond bicycle big bike birch bird
birth biscuit bishop bite black blade blank blanket blaze blend bless blind blink block blonde
bloom blossom blouse blue blunt blur board boat body boil bolt bonfire bonus book boost border
borrow boss both bottle bottom boulder bounce bowl box bracket brain brake branch brandy brass
brave bread breeze brick bridge brief bright bring brisk broad broccoli bronze brook broom
brother brown brush bubble bucket buckle budget buffalo build bulb bundle bunny bus busy butter
button buzz cabbage cabin cable cactus cage calf call calm camel camera camp canal candle candy
canoe canvas canyon cape capital captain caramel carbon card career careful cargo carpet carrot
carry carve cashew castle cat catch cattle cause ceiling celery cement centre century ceramic
certain chain chair chalk chance change chapel chapter charge charm chart chase cheap check
cheek cheer cheese cherry chess chest chestnut chicken chief child chimney chin chip chisel
choir choose chorus chunk church cinema cinnamon circle circus citizen city civil claim class
claw clay clean clear clever cliff climate climb clinic clip cloak clock close cloth cloud clove
clover clown club clue clump cluster coach coal coast cobalt cobweb cockpit cocoa coconut code
coffee coin cold collar collect college colour column comb combine comedy comet comfort comic
common compass complex concert cone confirm connect consent contain content cook cookie copper
copy coral corn corner correct cosmic cosy cottage cotton cough council count country couple
courage course court cousin cover cow coyote crab cradle craft crane crater crayon cream create
credit creek crew cricket crisp cross crowd cruise crumb crystal cube cuckoo culture cup curious
current curry curtain curve cushion custom cycle daily dairy daisy damp dance danger daring dark
dash data date dawn daylight deal debate decade decide deep deer defend define degree delay
deliver demand denim dentist deny depend depth deputy desert design desk detail develop device
dew diagram dial diamond diary dictate diesel diet differ digital dinner dip direct dirt
discover dish dismiss display distant ditch divide dock doctor document dog doll dolphin domain
donate donkey door dot double dough dove down dozen draft dragon drama draw drawer dream dress
drift drill drink drive drop drum dry duck dune during dust duty dwell each eager eagle early
earn earth easel easy echo eclipse edge edit effort elastic elbow elder elect elegant element
elephant elevate eleven elf ember embrace emerald empty enable enamel end endless energy engage
engine enjoy enough enrich enter entire entry envelope equal equip errand escape essay estate
eternal evening event evolve exact example excite excuse exhale exist exit exotic expand expect
expert explain express extend extra eyebrow eyelid fabric face fact factory fade fair faith
falcon family famous fancy farm fashion father fault favour feast feather feature federal feel
fellow fence fern ferry festival fetch few fibre fiction fiddle field fifteen fig figure file
film filter final find finger finish firm first fish fit flag flame flannel flash flat flavour
flax flee fleet flex flicker flight flint float flock flood floor flour flow fluid flute fly
foam focus foil fold follow foot force forest forget fork formal fort fortune forum forward
fossil foster found fox frame free fresh friend fringe frog front frost frown frozen fruit fuel
full fun funny fur furnace future fuzzy gadget galaxy gallery gallop game gap garage garden
garlic gas gate gather gauge general genius gentle genuine gesture giant gift giggle ginger
giraffe girl give glad glance glass glaze glide glimpse glitter globe glory glove glow glue goat
golf good goose gospel govern gown grab grace gradual grain gramme grand grant grape graph grasp
grass gravel gravity gravy great green greet grid grill grin grip grocer groove ground group
grove grow growth guard guess guest guide guitar gull gum gutter gym habit half halo hammer
hamster hand handle happen happy harbour harmony harp harvest hat hatch haven hawk hazel head
health heart heavy hedge heel height helmet help hemp hen herb herd hermit heron hidden high
hike hill hinge hint hippo history hive hobby hockey hold hollow holly home honest honey hoof
hook hope horizon horn hornet horse host hotel hover huge human humble humour hundred hunt
hurdle hurry hush husky hybrid ice icicle icon idea ideal igloo image imagine impact improve
inch include income indoor infant inform inhale initial inlet inn inner input insect inside
inspire install instant intend invent invest invite iris iron island item ivory ivy jacket jade
jaguar jam jar jasmine jazz jeans jelly jersey jewel jigsaw job jockey join joke jolly journal
journey joy judge juggle juice jumbo jump jungle junior just kangaroo kayak keen keep kennel
kettle key keyboard kick kidney kind king kingdom kiosk kitchen kite kitten kiwi knee kneel knit
knob knock koala label labour lace ladder lady lagoon lake lamb land language lantern lap large
laser last latch later laugh laundry lava lavender lawn lawyer layer lazy leader leaf learn
leather leave lecture ledge left legal legend lemon length lens lentil leopard lesson letter
lettuce level lever library licence lilac lily lime limit linen link lion liquid list listen
litre little lively lizard llama load loaf lobby local lodge loft logic long loop lotus loud
lounge loyal lucky luggage lumber lunar lunch lung luxury lyric machine magic magnet maid major
maker mammal manage mandate mango manner mansion mantle manual maple marble margin marine market
marsh mask master material math matter mature maybe mayor maze meadow measure medal media medium
meet melody melon melt member memory mend mention menu mercy merge merit merry message metal
method metro middle midnight milk mill mimic mineral mint minute miracle mirror mist mitten mix
mobile model modern modest moment money monkey month moon morning mosaic moss mother motion
motor mountain mouse mouth move movie much mud muffin mule muscle museum mushroom music mustard
mutual myself mystery myth napkin narrow nation native nature navy near neat neck nectar needle
nephew nettle network neutral never news next nice nickel niece night nine noble noise nomad
noodle noon normal north nose notable note nothing notice novel nozzle number nurse nut nutmeg
nylon oak oasis obey object oboe observe obtain obvious ocean odd offer office often okay olive
omelette once onion online only onward opal open opera opinion option orange orbit orchard
orchid order ordinary organ origin ostrich other otter outer outside oval oven owl owner oxygen
oyster pack paddle padlock page paint palace pale palm pamphlet pan pancake panda panel panther
paper parade parcel pardon parent parrot parsley part partner party pass pasta paste pastry path
patient patrol pattern pause pavement paw pea peach peacock peak peanut pearl pebble pedal
pelican pencil penguin people pepper perfect perfume permit person phone photo phrase piano pick
picnic picture pie pigeon pillow pilot pink pioneer pipe pistachio pitch pixel pizza place plain
planet plant plastic plate platform play plaza please plenty plough plum plump plus pocket poem
poet point polar pole polish polite polka pond pony pool poppy popular porch portion portrait
position possible post potato pottery pouch powder power practice praise prefer prepare present
pretty prevent price pride primary prince print prism private prize problem process produce
profit project promise prompt proof proper protect proud provide prune public pudding puddle
pull pulse pump pumpkin pupil puppet puppy purple purse push puzzle pyramid quaint quality
quarter quartz queen quench query quest question quick quiet quill quilt quinoa quiver quiz
quota quote rabbit raccoon rack radar radio radish raft rail rainbow raise raisin rally ramp
ranch random range rapid rare raspberry rather raven react ready real reason recall receipt
recent recipe record recover recycle reduce reed reef refer reflect refresh region regular rein
relax relay release rely remain remark remedy remind remote remove render renew rent repair
repeat reply report request rescue reserve resist resort respect rest result retire return
reveal review reward rhythm ribbon rich riddle ride ridge right rigid ring rinse ripe ripple
risk ritual rival river roast robin robot robust rocket rod roll romance roof room rooster rope
rose rotate rough rover royal rubber ruby rudder rug rule runner rural rush rustic saddle safe
saffron sail sailor salad salmon salon salt salute same sample sandal sapphire sardine satin
sauce sausage save scale scan scarf scatter scene scent schedule scheme school science scissors
scoop scooter scope score scout scrap scratch screen script scrub search season seat second
secret section secure seek segment select self senior sense sentence series service session
settle seven shade shadow shake shallow shape shark sharp shed sheep sheet shelf shell shelter
sheriff shield shift shine ship shirt shoe shore shoulder shout shovel show shower shrimp shrug
shuffle shut shuttle sign signal silent silk silver similar simple single siren sister six
sixteen size skate sketch skill skin skip skirt skull sky slate sled sleep sleeve slender slice
slide slight slim slipper slogan slope small smart smile smoke smooth snack snail snake snap
snow snug soap soccer social sock soda sofa soft solar soldier solid solo solve song soon sort
soul sound soup south space spare spark sparrow speak special speech speed spell spend sphere
spice spider spike spin spinach spiral spirit split sponge spoon sport spot spray spread spring
sprout spruce square squash squeeze squirrel stable stadium staff stage stair stamp stand staple
start statue stay steady steam steel step stereo stew stick still stir stock stone stool stop
stork storm story stove strategy straw stream street stretch strict string strong student studio
study stuff stump style subject submit subtle subway success sudden suede sugar suggest suit
summer summit sun sunrise sunset super supper supply support sure surface surge surprise survey
swallow swan swarm sweater sweep sweet swift swim swing switch symbol syrup system tablet tackle
tactic tadpole tailor take talent talk tambour tango tank target taste tavern taxi tea teach
teapot tell temple tenant tennis tent term text thank theatre theme theory thermal thick thing
think third thirty thistle thorn thought thousand thread three thrive throat throne thumb
thunder thyme ticket tidy tiger tight timber time tiny tissue title toad toast today toddler toe
toffee together token tomato tomorrow tongue tonight tool tooth top topic torch tornado tortoise
toss total touch tourist toward towel tower town track trade traffic trail train transfer travel
tray treasure treat trend triangle tribe trim trio trophy trout truck true trumpet trust truth
try tube tugboat tulip tumble tuna tundra tunnel turban turkey turn turnip turquoise turtle
tutor tweed twelve twenty twice twig twin twist type typical umbrella uncle uncover under undo
unfold uniform union unique unit unity universe unknown unlock until unusual unveil upbeat
update uphold upon upper upright upset upstairs urban urge usage useful usher usual utility
utmost vacant valid valley value valve vanilla vanish vapour various vase vast vault vehicle
veil velvet vendor venture venue verb verify version vessel veteran viable vibrant victory video
view village vine vinegar vintage violet violin virtual virtue visa visit visual vital vivid
vocal voice volcano volume vote vowel voyage wade waffle wagon waist wait walk walnut walrus
waltz wander want warn wash watch water wax wealth wear weasel weather weave wedding week
weekend welcome wet whale wheat wheel whisk whisper whistle white wicker width wife wild willow
win window winner winter wire wisdom wise wolf woman wonder wood work world worm worth wrap
wreath wrestle wrist yacht yard year yeast yellow yesterday yield yoga yoghurt yolk young youth
zebra zenith zero zigzag zinc zipper zone zoo
"""
WORDS = tuple(_WORDS.split())
