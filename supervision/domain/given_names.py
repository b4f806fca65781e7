"""Common given names, written for this: those that are also everyday words were left out."""

_NAMES = """
aaron abdul abigail adam adrian agnes ahmed aisha alan albert alejandro alex alexander alexandra
alfie alfred ali alice alison amanda amelia amina amir amy ana anastasia andrea andreas andrew
angela angus anita anjali ann anna anne annette anthony antonio archie arthur asha astrid audrey
ava ayesha barbara barry beatrice ben benjamin bernadette bernard beth bethany betty bob bogdan
brenda brian bridget bruno callum cameron camille carl carla carlos carmen carol caroline caspar
catherine cathy cecilia charles charlie charlotte chloe chris christian christina christine
christopher ciara claire clara colin connor craig cynthia daisy damian daniel daniela danielle
darren dave david deborah denise dennis derek diana diego dieter dimitri dominic donna doris
dorothy douglas duncan dylan eddie edith edward eileen elaine eleanor elena eli elisabeth
elizabeth ella ellen ellie emil emily emma eric erica erik esther ethan eugene eva evelyn evie
fatima felix fiona florence frances francesca francis frank freddie frederick gabriel gareth gary
gavin geoffrey george georgia gerald gerard gillian giovanni giulia gordon graham greta gustav
hamza hanna hannah harold harriet harry hassan heidi heinz helen helena henrik henry hilda hugo
hussein ian ibrahim ingrid irene isaac isabel isabella isla ismail ivan jack jackie jacob
jacqueline jake james jamie jan jane janet janine jasmin jason javier jean jeff jeffrey jennifer
jenny jeremy jerome jessica jill joan joanna joanne joe joel johan johanna john jonathan jorge
josef joseph josephine josh joshua juan judith judy julia julian julie jürgen karen karim karin
karl kate katherine kathleen kathryn katie katja kelly ken kenneth kevin khadija kieran kim
kirsten klaus laila laszlo laura lauren laurence leah lena leo leon leonard leonie leslie lewis
liam lillian linda lisa liz lorenzo lorraine louis louise luca lucas lucia lucy luis lukas luke
lydia lynn maddie madeleine magdalena malcolm manuela marc marcel marcus margaret maria mariam
marianne marie marina mario marion marlene marta martha martin martina mary maryam mateo matthew
matthias maureen maurice max maya megan mehmet melanie melissa mia michael michelle miguel mike
millie miriam mohamed mohammed molly monica monika muhammad nadia nancy naomi natalia natalie
natasha nathan neil nicholas nick nicola nicole nigel nikolai nina noah nora norman nuala olaf
oleg olga oliver olivia omar oscar oskar owen pablo pamela patricia patrick paul paula pauline
pedro peggy penelope peter petra phil philip philippa phoebe pierre piotr priya rachel rafael raj
ralph ramon raymond rebecca renate rhys riccardo richard rita rob robert roberto roger roland ron
ronald rosemary rosie rowan roy ruth ryan sabine sally sam samantha samir samuel sandra sanjay
sara sarah saskia scott sean sebastian sergei sharon shaun sheila shirley siobhan sofia sonia
sophia sophie stefan stella stephanie stephen steve steven stuart sunita susan susanne suzanne
svetlana sylvia tamara tania tara tariq tatiana teresa terry theo theodore theresa thomas tim
timothy tina toby tom tomas tony tracey trevor tristan ulrich ursula valerie vanessa vera veronica
victoria vikram vincent virginia vivian vladimir walter wanda wayne wendy werner wilhelm william
winston wolfgang xavier yasmin yolanda yusuf yvonne zachary zainab zara zoe zofia
"""
GIVEN_NAMES = frozenset(_NAMES.split())
