"""Which labelled people of the wild sets the camera sees from clearly above.

No set labels that. The list was made by eye from the pictures, 2026-11-30: of every picture of the parts that measure
and that choose, with boxes of people at least 60 pixels high (of ``stanford40`` the 400 photos that are measured when
no other limit is given), one looked at a sheet, and then at doubtful ones enlarged. Somebody is seen from above if the
view to the middle of the body goes down by about 30° or more: floor, bed or table lies behind the body, crown and
shoulders are seen, and what is below is drawn short. Views of 20° or 25° from stands, slopes and standing height are
not taken. One pair of eyes judged, without a measured camera: people near the limit may be on the wrong side of it.
"""

# By set and file: the people's places in the order of the set's labels (crowds not counted).
MEASURED: dict[str, tuple[int, ...]] = {
    "coco_more/000000187243.jpg": (0,),
    "coco_more/000000210299.jpg": (0,),
    "coco_more/000000243148.jpg": (0,),
    "coco_more/000000255483.jpg": (0,),
    "coco_more/000000532058.jpg": (0,),
    "stanford40/climbing_191.jpg": (0,),
    "stanford40/cooking_190.jpg": (0,),
    "stanford40/drinking_106.jpg": (0,),
    "stanford40/fixing_a_bike_011.jpg": (0,),
    "stanford40/fixing_a_bike_012.jpg": (0,),
    "stanford40/fixing_a_bike_158.jpg": (0,),
    "stanford40/fixing_a_bike_184.jpg": (0,),
    "stanford40/fixing_a_car_033.jpg": (0,),
    "stanford40/smoking_037.jpg": (0,),
    "stanford40/smoking_110.jpg": (0,),
    "stanford40/washing_dishes_182.jpg": (0,),
    "stanford40/writing_on_a_book_024.jpg": (0,),
    "stanford40/writing_on_a_book_056.jpg": (0,),
}
VALIDATION: dict[str, tuple[int, ...]] = {
    "coco_mini/000000037666.jpg": (0,),
    "coco_more/000000000443.jpg": (0, 1, 2),
    "coco_more/000000000634.jpg": (0,),
    "coco_more/000000029519.jpg": (0,),
    "stanford40/climbing_244.jpg": (0,),
    "stanford40/drinking_145.jpg": (0,),
    "stanford40/looking_through_a_microscope_163.jpg": (0,),
    "stanford40/playing_guitar_205.jpg": (0,),
    "stanford40/reading_091.jpg": (0,),
    "stanford40/using_a_computer_036.jpg": (0,),
    "stanford40/using_a_computer_173.jpg": (0,),
    "stanford40/watching_TV_006.jpg": (0,),
    "stanford40/watching_TV_188.jpg": (0,),
    "stanford40/writing_on_a_book_105.jpg": (0,),
    "stanford40/writing_on_a_book_127.jpg": (0,),
}


def people_from_above(source: str, file: str) -> tuple[int, ...]:
    """The places, among a picture's labelled people, of those who are seen from above; nothing for most pictures.

    Args:
        source: The set.
        file: The picture's name, without folders.
    """
    name = f"{source}/{file}"
    return MEASURED.get(name, ()) or VALIDATION.get(name, ())
