"""Derivations as students write them: read, evaluated at random points, and compared step by step.

    signs        a text -> tokens
    brackets     tokens and the brackets round them
    statements   tokens -> equations, each a chain of sides
    names        which symbols there are, and how they may be spelt
    scripts      subscripts, superscripts and primes of a symbol
    reading      the tokens of a side -> a tree, with quotients and series
    python_code  an expression or a function in Python -> the same trees
    tree         the nodes of such a tree, and how they are printed
    functions    functions and their slopes
    arrays       what products mean for shapes
    evaluation   a tree -> numbers, in a bounded number of steps
    settings     what a rubric says -> a setting
    scene        a rubric's symbols and forward lines at one random point, and the right gradient by autograd
    answers      a student's text -> definitions and the chain that leads to the answer
    comparing    an answer against the right value: at size one, at proper sizes, in every layout

Nothing here runs a student's code, and nothing knows what is derived.
"""
